// What is wrong and not mended yet, what has come and gone while this page was open, and a test of the way out.

import { TONES, alarms, heard, look as ask } from "../alarms.js";
import { post } from "../api.js";
import { every, h, put } from "../dom.js";
import { news } from "../news.js";
import { attempt, button, card, code, empty, failed, name, pill, say } from "../parts.js";
import { away, clock, when } from "../words.js";

// Where there is more to be seen of what an alert concerns.
const PLACES = { key: "money", team: "money", service: "money", tag: "money", shadow: "money", provider: "targets", target: "targets", route: "routes", config: "config" };
const HOOK = 'alerts:\n  webhook: "${ALERTS_WEBHOOK:-}"\n  format: slack';

export function show(place, _words, signal) {
  const list = h("div", { class: "alerts" });
  const gone = h("div", { class: "heard" });
  const test = button("Send a test", tried);
  put(place, h("header", {}, h("h1", {}, "Alerts"), h("p", { class: "soft" }, "Each is told once when it begins and once when it is over, by all processes together."), test),
    card("Not mended yet", list), card("Lately", gone));
  async function tried() {
    test.disabled = true;
    await attempt(async () => {
      await post("alerts/test", {});
      say("The webhook has taken the test.");
    });
    test.disabled = false;
  }
  return every(2000, signal, async () => {
    try {
      await ask(signal);
      put(list, standing(alarms.standing));
    } catch (error) {
      failed(list, error);
    }
    put(gone, lately(news.signals.filter((fact) => fact.what === "alert")));
  });
}

function standing(rows) {
  if (!rows.length) return empty("Nothing is wrong", "Spent budgets, providers that are away, open breakers, failing routes and refused configurations stand here until they are mended. Let them come to you:", HOOK);
  return h("ol", { class: "notices" }, rows.map(notice));
}

function notice(alert) {
  const problems = (alert.problems ?? []).map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  return h("li", {},
    h("div", {}, pill(TONES[alert.kind] ?? "bad", alert.kind.replaceAll("_", " ")), " ", h("strong", {}, alert.message)),
    h("p", { class: "soft" }, whose(alert.scope), ` · since ${when(alert.since)}, ${away(alert.since)}`, alert.resets_at ? ` · its budget begins anew ${away(alert.resets_at)}` : ""),
    problems.length > 0 && code(problems.join("\n")));
}

function whose(scope) {
  const to = PLACES[scope.split("/")[0]];
  return to ? h("a", { href: `#/${to}`, "data-focus": scope, class: "name", title: scope }, scope) : name(scope);
}

function lately(facts) {
  if (!facts.length) return empty("Nothing since this page was opened", "The log, and the webhook if there is one, were told of what came before.");
  return h("ol", {}, facts.map((fact) => h("li", {}, h("time", {}, clock(fact.at)), " ", heard(fact))));
}
