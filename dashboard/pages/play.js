// A playground: an answer as it streams, beside the explanation of who is asked, and why.

import { maybe, post, stream } from "../api.js";
import { h, put } from "../dom.js";
import { card, empty, figure, name, pill } from "../parts.js";
import { count, dollars, ms } from "../words.js";
import { decision } from "./call.js";

const kept = { key: "", model: "", text: "" }; // while the page is open; a client's key is written nowhere

export async function show(place, _words, signal) {
  const answer = h("div", { class: "answer", "aria-live": "polite" });
  const why = h("div");
  const names = h("datalist", { id: "names" });
  const model = h("input", { name: "model", id: "model", list: "names", required: true, value: kept.model, placeholder: "demo", autocomplete: "off", oninput: () => (kept.model = model.value) });
  const key = h("input", { type: "password", id: "client-key", autocomplete: "off", value: kept.key, placeholder: "sk-…", oninput: () => (kept.key = key.value) });
  const text = h("textarea", { id: "text", rows: 5, required: true, "data-search": "", placeholder: "What would you ask? With the demo, [[words 200]] [[pace 50ms]] makes a long slow answer.", oninput: () => (kept.text = text.value) });
  text.value = kept.text;
  const send = h("button", { class: "primary" }, "Send");
  const halt = h("button", { type: "button", disabled: true }, "Stop");
  const form = h("form", { class: "ask" },
    h("label", { class: "field", for: "model" }, h("span", {}, "Model"), model, names),
    h("label", { class: "field", for: "client-key" }, h("span", {}, "Client key"), key, h("small", {}, "Calls are paid by a client’s key, never by the admin’s. Empty where no keys are needed.")),
    h("label", { class: "field", for: "text" }, h("span", {}, "Message"), text),
    h("div", { class: "actions" }, h("small", { class: "soft" }, "Ctrl Enter"), halt, send));
  put(place, h("header", {}, h("h1", {}, "Playground"), h("p", { class: "soft" }, "A real call: it is counted, paid, and in the ledger.")),
    h("div", { class: "split play" }, h("div", {}, card("Ask", form), card("Answer", answer)), card("Why there", why)));
  put(answer, empty("Nothing was asked yet", "The answer streams in here, with what it took."));
  put(why, empty("No decision yet", "Every target of the chain with its place, and what the strategy saw of it."));
  text.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.requestSubmit());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const stop = new AbortController();
    signal.addEventListener("abort", () => stop.abort());
    halt.onclick = () => stop.abort();
    [send.disabled, halt.disabled] = [true, false];
    const body = { model: model.value.trim(), messages: [{ role: "user", content: text.value }] };
    await explained(body, why);
    await answered(body, key.value.trim(), stop.signal, answer);
    [send.disabled, halt.disabled] = [false, true];
  });
  const routes = await maybe("routes", { data: [] }, signal).catch(() => ({ data: [] }));
  put(names, routes.data.map((route) => h("option", { value: route.name })));
}

async function explained(body, why) {
  try {
    put(why, explanation(await post("explain", body)));
  } catch (error) {
    put(why, empty("It would be refused", error.message));
  }
}

function explanation(told) {
  const verdict = told.verdict ?? {};
  return [
    h("p", {}, verdict.first ? ["First: ", h("strong", { class: "name" }, verdict.first)] : pill("bad", verdict.error?.message ?? `refused with ${verdict.status}`),
      " ", told.route && pill("", `route ${told.route}`), " ", told.task && pill("", told.task), " ", verdict.canary && pill("accent", "canary"), verdict.queued && pill("warn", "would wait")),
    told.stages.map((stage, place) => decision({ ...stage, stage: stage.stage ?? place })),
    told.passed_over?.length ? h("p", { class: "soft" }, `${told.passed_over.length} more were passed over.`) : null,
    told.policy && h("p", { class: "soft" }, `At most ${told.policy.attempts} attempts; ${told.policy.timeouts.first_content} s for the first word; ${told.policy.hedge ? "hedged" : "not hedged"}.`),
  ];
}

async function answered(body, key, signal, place) {
  const said = h("div", { class: "said" });
  const took = h("div", { class: "figures" });
  const began = performance.now();
  let [first, usage, headers, finish] = [null, null, new Headers(), null];
  put(place, said, took);
  place.setAttribute("aria-busy", "true");
  try {
    for await (const event of stream(body, key, signal, (found) => (headers = found))) {
      if (event.error) throw new Error(event.error.message);
      const [choice] = event.choices ?? [];
      if (choice?.delta?.content) {
        first ??= performance.now() - began;
        said.append(choice.delta.content);
      }
      finish = choice?.finish_reason ?? finish;
      usage = event.usage ?? usage;
    }
  } catch (error) {
    const text = error.name === "AbortError" ? "Stopped." : `${error.message}${error.status === 401 ? " Paste a client’s key above, or make one under Keys." : ""}`;
    said.append(h("p", { class: "wrong" }, text));
  }
  place.removeAttribute("aria-busy");
  const id = headers.get("x-request-id");
  const [target, attempts] = [headers.get("x-switchyard-target"), headers.get("x-switchyard-attempts")];
  put(took,
    target && figure("Answered by", name(target)), attempts && figure("Attempts", attempts),
    first !== null && figure("First word", ms(first)), figure("Whole", ms(performance.now() - began), finish ?? ""),
    usage && figure("Tokens", `${count(usage.prompt_tokens)} → ${count(usage.completion_tokens)}`, usage.cost === undefined ? "" : dollars(usage.cost)),
    id && figure("In the ledger", h("a", { href: `#/call/${encodeURIComponent(id)}` }, "this call")));
}
