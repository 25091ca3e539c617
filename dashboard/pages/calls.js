// The ledger's newest calls, found by key, route and time; or one by its id.

import { get, safe } from "../api.js";
import { h, put } from "../dom.js";
import { curl, empty, failed, field, name, pill, status, table } from "../parts.js";
import { count, dollars, ms, plural, sum, when } from "../words.js";

const SPANS = { "last hour": 3600, "last day": 86400, "last week": 604800, "ever": 0 };
const MOST = 500;

export async function show(place, words, signal) {
  const list = h("div");
  const text = h("input", { type: "search", name: "text", placeholder: "an id, a target, a status, a fault", "data-search": "", "aria-label": "Search calls", oninput: () => shown() });
  const form = h("form", { class: "filters", onsubmit: (event) => (event.preventDefault(), direct() || look()), onchange: () => look() },
    h("label", { class: "field" }, h("span", {}, "Search"), text),
    field("Key", "key", { value: words[0] === "key" ? words[1] : "", placeholder: "any" }),
    field("Route", "route", { value: words[0] === "route" ? words[1] : "", placeholder: "any" }),
    field("Since", "since", { options: Object.keys(SPANS), value: "last day" }), h("button", {}, "Search"));
  put(place, h("header", {}, h("h1", {}, "Calls"), h("p", { class: "soft" }, "From the ledger: what was asked, where it went, what it cost. What was said is never kept.")),
    h("section", { class: "card" }, form, list));
  let rows = null;
  /** A whole id leads straight to its call, however long ago it was. */
  function direct() {
    const wanted = text.value.trim();
    if (/^req-\S+$/.test(wanted) && !rows?.some((row) => row.id.includes(wanted) && row.id !== wanted)) {
      location.hash = `#/call/${safe(wanted)}`;
      return true;
    }
    return false;
  }
  const shown = () => rows && put(list, listed(rows, text.value.trim().toLowerCase()));
  async function look() {
    const given = Object.fromEntries(new FormData(form));
    const query = new URLSearchParams({ most: MOST });
    for (const part of ["key", "route"]) if (given[part].trim()) query.set(part, given[part].trim());
    if (SPANS[given.since]) query.set("since", new Date(Date.now() - SPANS[given.since] * 1000).toISOString());
    try {
      rows = (await get(`calls?${query}`, signal)).data;
      shown();
    } catch (error) {
      failed(list, error);
    }
  }
  await look();
}

function listed(rows, wanted) {
  if (!rows.length) return empty("No such call in the ledger", "Ask for a longer time or another key; or send one:", curl("demo"));
  const fitting = rows.filter((row) => !wanted || [row.id, row.target, row.status, row.fault, row.team, row.task, ...row.attempts.map((one) => `${one.target} ${one.fault}`)].join(" ").toLowerCase().includes(wanted));
  if (!fitting.length) return empty("Not among these", "An id of an older call is found all the same: write it whole, then press Enter.");
  const told = `${plural(fitting.length, "call")}${rows.length === MOST ? " (the newest)" : ""}, ${dollars(sum(fitting.map((row) => row.cost_usd)))}`;
  return [h("p", { class: "soft" }, told), table(COLUMNS, fitting.slice(0, 200))];
}

const COLUMNS = [
  { label: "Time", cell: (row) => h("a", { href: `#/call/${safe(row.id)}`, "data-focus": row.id }, when(row.time)) },
  { label: "Route", cell: (row) => name(row.route) },
  { label: "Answered by", cell: (row) => name(row.target, "nobody") },
  { label: "Key", cell: (row) => name(row.key) },
  { label: "Status", cell: (row) => [status(row), row.stream && pill("", "stream"), row.fault && h("small", { class: "soft" }, ` ${row.fault.replaceAll("_", " ")}`)] },
  { label: "Attempts", right: true, cell: (row) => h("span", { class: row.attempts.length > 1 ? "warn" : "" }, count(row.attempts.length)) },
  { label: "First word", right: true, cell: (row) => ms(row.first_content_ms) },
  { label: "Whole", right: true, cell: (row) => ms(row.total_ms) },
  { label: "Tokens", right: true, cell: (row) => `${count(row.usage.input)} → ${count(row.usage.output)}` },
  { label: "Cost", right: true, cell: (row) => dollars(row.cost_usd) },
];
