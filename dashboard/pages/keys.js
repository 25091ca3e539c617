// Keys made at run time: a new one, new limits, another secret, an end.

import { get, maybe, patch, post, remove, safe } from "../api.js";
import { h, put } from "../dom.js";
import { attempt, button, card, dialog, empty, failed, field, name, pill, reveal, say, table } from "../parts.js";
import { away, count, day, dollars } from "../words.js";

const PERS = ["month", "day", "week", "hour", "total"];
const TIMES = { 1: "s", 60: "min", 3600: "h", 86400: "day" };
const PAGE = 100;

export async function show(place, _words, signal) {
  const list = h("div");
  const written = h("div");
  const more = h("div", { class: "actions" });
  const search = h("input", { type: "search", placeholder: "Filter, or write a whole name", "aria-label": "Filter keys", "data-search": "", oninput: () => shown() });
  put(place, h("header", {}, h("h1", {}, "Keys"), h("p", { class: "soft" }, "What is changed here counts on every worker and machine within a second."), button("New key …", make, { class: "primary" })),
    h("section", { class: "card" }, h("div", { class: "bar-of-tools" }, h("h2", {}, "Made at run time"), search), list, more), card("Of the configuration", written));
  let rows = [];
  const shown = () => put(list, listed(rows, search.value.trim().toLowerCase(), look));
  async function look(after = "") {
    try {
      const page = await get(`keys?limit=${PAGE}&after=${safe(after)}`, signal);
      rows = after ? [...rows, ...page.data] : page.data;
      put(more, page.has_more && button("More", () => look(page.next)));
      shown();
    } catch (error) {
      failed(list, error);
    }
  }
  async function make() {
    const given = await dialog("New key", fields({}), { action: "Make it", note: "Fields that are left empty limit nothing." });
    if (given === null) return;
    await attempt(async () => {
      const made = await post("keys", wished(given));
      reveal(`The key of ${made.name}`, made.key, "It is shown this once; only its hash is kept.");
    });
    await look();
  }
  const config = maybe("config", null, signal).catch(() => null);
  await look();
  put(written, ofConfig((await config)?.config?.keys));
}

function fields(key) {
  const budget = Array.isArray(key.budget) ? key.budget[0] : typeof key.budget === "string" ? { usd: key.budget.split("/")[0], per: key.budget.split("/")[1] } : key.budget;
  const given = (value) => (value === undefined || value === null ? "" : String(value));
  return [
    !key.name && field("Name", "name", { required: true, maxlength: "64", placeholder: "carol" }),
    field("Team", "team", { value: given(key.team), placeholder: "none" }),
    field("Models", "models", { value: (key.models ?? []).join(", "), placeholder: "all" }, "Separated by commas; * stands for anything."),
    h("div", { class: "pair" }, field("Budget, in dollars", "usd", { type: "number", min: "0", step: "any", value: given(budget?.usd), placeholder: "none" }), field("for each", "per", { options: PERS, value: budget?.per ?? "month" })),
    h("div", { class: "pair" }, field("Requests", "requests", { value: given(key.limits?.requests), placeholder: "60/min" }), field("Tokens", "tokens", { value: given(key.limits?.tokens), placeholder: "100k/min" })),
    h("div", { class: "pair" }, field("At a time", "concurrent", { type: "number", min: "1", value: given(key.limits?.concurrent), placeholder: "any" }), field("One call, at most $", "max_cost", { type: "number", min: "0", step: "any", value: given(key.max_cost), placeholder: "any" })),
    field("Expires", "expires", { type: "date", value: given(key.expires).slice(0, 10) }),
  ];
}

/** What was entered, as the server wants it; with *gone*, what is left empty is taken away. */
function wished(given, gone = false) {
  const text = (value) => value.trim() || undefined;
  const number = (value) => (value === "" ? undefined : Number(value));
  const usd = number(given.usd);
  const limits = { requests: text(given.requests), tokens: text(given.tokens), concurrent: number(given.concurrent) };
  const some = Object.values(limits).some((value) => value !== undefined);
  const models = given.models.split(",").map((one) => one.trim()).filter(Boolean);
  const wish = {
    name: given.name === undefined ? undefined : given.name.trim(), team: text(given.team), models: models.length ? models : undefined,
    budget: usd === undefined ? undefined : { usd, per: given.per }, limits: some ? limits : undefined, max_cost: number(given.max_cost), expires: text(given.expires),
  };
  const kept = ([field, value]) => value !== undefined || (gone && field !== "name");
  const nulled = (value) => (value === undefined ? null : value);
  const said = Object.entries(wish).filter(kept).map(([field, value]) => [field, nulled(value)]);
  if (gone && some) for (const one of said) if (one[0] === "limits") one[1] = Object.fromEntries(Object.entries(limits).map(([field, value]) => [field, nulled(value)]));
  return Object.fromEntries(said);
}

function listed(rows, wanted, again) {
  if (!rows.length) return empty("No key was made at run time", "Make the first one here. From then on everyone needs a key. Or on the command line:", "python proxy.py keys create carol --budget 50/month --requests 60/min");
  const fitting = rows.filter((row) => [row.name, row.team, ...(row.tags ?? [])].join(" ").toLowerCase().includes(wanted));
  if (!fitting.length) return empty("No such key", "None of those that are shown has this in its name or team.");
  return table([...COLUMNS, { label: "", right: true, cell: (row) => tools(row, again) }], fitting);
}

const money = (budget) => [budget ?? []].flat().map((one) => (typeof one === "string" ? `$${one}` : `${dollars(Number(one.usd))}/${one.per}`)).join(", ") || "–";
const limited = (limits) => Object.entries(limits ?? {}).map(([kind, value]) => (kind === "concurrent" ? `${value} at a time` : `${value} ${kind}`)).join(", ") || "–";

const COLUMNS = [
  { label: "Name", cell: (row) => h("a", { href: `#/calls/key/${safe(row.name)}`, class: "name", title: "its calls" }, row.name) },
  { label: "State", cell: (row) => [pill(row.state === "active" ? "good" : "warn", row.state ?? "active", (row.problems ?? []).join("\n")), row.former_key_until && h("small", { class: "soft" }, ` former until ${day(row.former_key_until)}`)] },
  { label: "Team", cell: (row) => name(row.team) },
  { label: "Budget", cell: (row) => money(row.budget) },
  { label: "Limits", cell: (row) => limited(row.limits) },
  { label: "Models", cell: (row) => name((row.models ?? []).join(", "), "all") },
  { label: "Made", cell: (row) => h("span", { class: "soft" }, away(row.created_at)) },
];

function tools(row, again) {
  const off = row.disabled === true;
  const act = (text, what, facts) => button(text, async () => (await attempt(what), await again()), { "data-focus": `${text}-${row.name}`, ...facts });
  return h("div", { class: "tools" },
    act("Limits …", () => limits(row)), act("Rotate …", () => rotate(row)),
    act(off ? "Enable" : "Disable", async () => (await patch(`keys/${safe(row.name)}`, { disabled: off ? null : true }), say(`${row.name} is ${off ? "enabled" : "disabled"}.`))),
    act("Revoke …", () => revoke(row), { class: "danger" }));
}

async function limits(row) {
  const given = await dialog(`Limits of ${row.name}`, fields(row), { action: "Save" });
  if (given === null) return;
  const wish = wished(given, true);
  // Several budgets fit into no form: they stay as they are.
  if (Array.isArray(row.budget) && row.budget.length > 1) delete wish.budget;
  await patch(`keys/${safe(row.name)}`, wish);
  say(`${row.name} was changed.`);
}

async function rotate(row) {
  const given = await dialog(`A new secret for ${row.name}`, [field("The old one goes on for", "grace", { value: "24h", placeholder: "0s" }, "0s ends it at once.")], { action: "Rotate" });
  if (given === null) return;
  const made = await post(`keys/${safe(row.name)}/rotate`, { grace: given.grace.trim() || "0s" });
  reveal(`The new key of ${row.name}`, made.key, "It is shown this once; only its hash is kept.");
}

async function revoke(row) {
  const given = await dialog(`Revoke ${row.name}?`, [], { action: "Revoke", tone: "danger", note: "It stops everywhere within a second, and can’t be brought back." });
  if (given === null) return;
  await remove(`keys/${safe(row.name)}`);
  say(`${row.name} was revoked.`);
}

const rates = (given) => given.map(({ amount, per }) => `${count(amount)}/${TIMES[per] ?? `${per} s`}`).join(" and ");

/** A key as the configuration tells of it, in the words of those that were made at run time. */
function asMade(key, { allowance, disabled, expires, ...fields }) {
  const { requests, tokens, concurrent } = allowance.limits;
  const limits = Object.entries({ requests: rates(requests), tokens: rates(tokens), concurrent }).filter(([, value]) => value);
  const state = disabled ? "disabled" : expires !== null && expires * 1000 <= Date.now() ? "expired" : "active";
  return { ...fields, name: key, state, budget: allowance.budgets.map(({ limit, per }) => ({ usd: limit, per })), limits: Object.fromEntries(limits) };
}

function ofConfig(keys) {
  const rows = Object.entries(keys ?? {}).map(([key, fields]) => asMade(key, fields));
  if (!rows.length) return h("p", { class: "soft" }, "Keys that stand in the file are changed there, and shown here where the server tells of them.");
  return table(COLUMNS.slice(0, 6), rows);
}
