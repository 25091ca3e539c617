// What this server goes by, how the last reload ended, and another one.

import { maybe, post } from "../api.js";
import { h, put } from "../dom.js";
import { button, card, code, empty, failed, figure, pill, say } from "../parts.js";
import { away, when } from "../words.js";

export async function show(place, _words, signal) {
  const figures = h("div", { class: "figures" });
  const result = h("div");
  const text = h("div");
  const again = button("Reload", reload, { class: "primary" });
  put(place, h("header", {}, h("h1", {}, "Configuration"), h("p", { class: "soft" }, "A file that was changed is taken up by itself, as a whole or not at all."), again),
    figures, card("The last reload", result), card("What holds now", h("p", { class: "soft" }, "With everything that was left out, and without any secret."), text));
  async function look() {
    try {
      const page = await maybe("config", null, signal);
      if (page === null) return put(text, empty("This server doesn’t show its configuration", "It can be read again all the same."));
      put(figures, figure("Generation", page.generation, "of the text"), figure("In force since", when(page.loaded_at), away(page.loaded_at)), figure("File", page.file ?? "–"));
      put(result, ended(page.last_reload));
      put(text, code(JSON.stringify(page.config, null, 2)));
    } catch (error) {
      failed(text, error);
    }
    return undefined;
  }
  async function reload() {
    again.disabled = true;
    try {
      const told = await post("config/reload", {});
      say(told.changed === false ? "Nothing has changed." : "The new configuration is in force.");
      await look();
    } catch (error) {
      say("The configuration was refused; the one before stays in force.", "bad");
      await look();
      put(result, refused(error.message));
    }
    again.disabled = false;
  }
  await look();
}

function ended(last) {
  if (!last) return h("p", { class: "soft" }, "There was none since the start.");
  const problems = last.problems ?? (last.error ? [last.error].flat() : []);
  if (last.ok === false || problems.length) return refused(problems.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n"));
  return h("p", {}, pill("good", "taken"), " ", h("span", { class: "soft" }, last.at ? `${when(last.at)}, ${away(last.at)}` : "at the start"));
}

const refused = (text) => [h("p", {}, pill("bad", "refused"), " ", h("span", { class: "soft" }, "What was in force before goes on.")), code(text)];
