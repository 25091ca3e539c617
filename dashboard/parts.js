// What pages are put together from: cards, tables, pills, dialogs, and what stands where there is nothing yet.

import { h, put, s } from "./dom.js";

export const pill = (tone, text, title) => h("span", { class: `pill ${tone}`, title }, text);

export const card = (title, ...kids) => h("section", { class: "card" }, title && h("h2", {}, title), kids);

export const figure = (label, value, note) =>
  h("div", { class: "figure" }, h("span", { class: "label" }, label), h("strong", {}, value), h("span", { class: "note" }, note ?? ""));

export const name = (text, otherwise = "–") => h("span", { class: "name", title: text ?? "" }, text || otherwise);

export const button = (text, onclick, facts) => h("button", { type: "button", onclick, ...facts }, text);

/** *columns*: `{label, cell, right, wide}`; `cell(row)` is what to show. *row* gives facts of a row's element. */
export function table(columns, rows, row = () => ({})) {
  const side = (column) => (column.right ? "right" : undefined);
  const head = h("tr", {}, columns.map((column) => h("th", { class: side(column), scope: "col" }, column.label)));
  const line = (each) =>
    h("tr", row(each), columns.map((column) => h("td", { class: side(column), "data-label": column.label }, h("div", { class: "cell" }, column.cell(each)))));
  return h("div", { class: "scroll", tabindex: "-1" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows.map(line))));
}

/** Where there is nothing yet: what to do next, and the line to try. */
export function empty(title, advice, line) {
  return h("div", { class: "empty" }, h("p", { class: "title" }, title), h("p", {}, advice), line && code(line));
}

export function code(text) {
  const copy = button("Copy", async () => {
    copy.textContent = (await copied(text)) ? "Copied" : "Select it, then Ctrl C";
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  }, { class: "quiet" });
  return h("div", { class: "code" }, h("pre", { tabindex: "0" }, text), copy);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed, or not a safe context
  }
}

export function curl(model, text = "Hello") {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: text }] });
  return `curl ${new URL("../v1/chat/completions", location.href)} \\\n  -H "authorization: Bearer $KEY" -H "content-type: application/json" \\\n  -d '${body.replaceAll("'", "'\\''")}'`;
}

/** A share of something, as a bar; *mark* is where it is expected to end. */
export function bar(share, { mark = null, tone = "" } = {}) {
  const at = (value) => `${(Math.max(0, Math.min(1, value)) * 100).toFixed(2)}`;
  return s("svg", { class: `bar ${tone}`, viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "track", width: 100, height: 6 }),
    mark !== null && s("rect", { class: "coming", width: at(mark), height: 6 }),
    s("rect", { class: "fill", width: at(share), height: 6 }));
}

export function status(call) {
  if (call.status < 400 && !call.fault) return pill("good", String(call.status));
  return pill(call.status >= 500 || call.status < 400 ? "bad" : "warn", String(call.status), call.fault ?? "");
}

const TONES = { closed: "good", open: "bad", half_open: "warn", "half-open": "warn" };
export const breaker = (state) => pill(TONES[state] ?? "", (state ?? "unknown").replace("_", " "));

/** Says it at the corner, and to those who listen instead of looking. */
export function say(text, tone = "good") {
  const place = document.querySelector("#said");
  const said = h("p", { class: `toast ${tone}` }, text);
  place.append(said);
  setTimeout(() => said.remove(), tone === "bad" ? 9000 : 4500);
}

/** Do *what*, and say how it went wrong if it did. */
export async function attempt(what) {
  try {
    return await what();
  } catch (error) {
    if (error.name !== "AbortError") say(error.message, "bad");
    return undefined;
  }
}

/** A dialog; `fields` are labelled inputs. Resolves to what was entered, or null. */
export function dialog(title, fields, { action = "OK", tone = "", note } = {}) {
  return new Promise((done) => {
    const wrong = h("p", { class: "wrong", role: "alert" });
    const form = h("form", { method: "dialog" },
      h("h2", {}, title), note && h("p", { class: "soft" }, note), h("div", { class: "fields" }, fields), wrong,
      h("div", { class: "actions" }, button("Cancel", () => box.close()), h("button", { class: `primary ${tone}` }, action)));
    const box = h("dialog", { "aria-label": title }, form);
    let given = null;
    form.addEventListener("submit", () => (given = Object.fromEntries(new FormData(form))));
    box.addEventListener("close", () => (box.remove(), done(given)));
    document.body.append(box);
    box.showModal();
  });
}

export function field(label, name, facts, note) {
  const input = facts?.options
    ? h("select", { name, id: `f-${name}` }, facts.options.map((each) => h("option", { value: each, selected: each === facts.value }, each)))
    : h("input", { name, id: `f-${name}`, autocomplete: "off", ...facts });
  return h("label", { class: "field", for: `f-${name}` }, h("span", {}, label), input, note && h("small", {}, note));
}

/** Something that is shown once. */
export function reveal(title, secret, note) {
  const box = h("dialog", { "aria-label": title }, h("h2", {}, title), h("p", { class: "soft" }, note), code(secret),
    h("div", { class: "actions" }, button("I have kept it", () => (box.close(), box.remove()), { class: "primary" })));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

/** Buttons of which one is on. */
export function choice(label, options, chosen, pick) {
  return h("div", { class: "choice", role: "group", "aria-label": label }, options.map(([value, text]) =>
    button(text, () => pick(value), { "aria-pressed": String(value === chosen), "data-focus": `${label}-${value}` })));
}

export function failed(place, error) {
  if (error.name === "AbortError" || error.status === 401) return;
  put(place, empty("This can’t be shown at the moment", error.message));
}
