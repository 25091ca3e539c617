// Where the money goes: every budget with what is coming, thirty days, and who and what spent it.

import { get, maybe, safe } from "../api.js";
import { chart } from "../chart.js";
import { every, h, put } from "../dom.js";
import { bar, card, choice, empty, failed, figure, name, pill, table } from "../parts.js";
import { away, count, day, dollars, percent } from "../words.js";

const PERIODS = [["day", "Today"], ["week", "Week"], ["month", "Month"], ["all", "Ever"]];
const PARTS = [["key", "Key"], ["team", "Team"], ["model", "Model"], ["provider", "Provider"], ["route", "Route"], ["tag", "Tag"]];

export async function show(place, _words, signal) {
  const figures = h("div", { class: "figures" });
  const budgets = h("div");
  const curve = h("div", { class: "plot" });
  const shares = h("div");
  const tools = h("div", { class: "bar-of-tools" });
  const chosen = { period: "month", part: "key" };
  put(place, h("header", {}, h("h1", {}, "Money"), h("p", { class: "soft" }, "Days and months are those of UTC.")),
    figures, card("Budgets", budgets), card("Thirty days", curve), h("section", { class: "card" }, tools, shares));
  const turn = async (what) => (Object.assign(chosen, what), await spent());
  async function spent() {
    put(tools, h("h2", {}, "Spent by"), choice("part", PARTS, chosen.part, (part) => turn({ part })), choice("period", PERIODS, chosen.period, (period) => turn({ period })));
    try {
      put(shares, parts(await get(`costs?period=${safe(chosen.period)}`, signal), chosen.part));
    } catch (error) {
      failed(shares, error);
    }
  }
  const plot = drawn(curve, signal);
  return every(10000, signal, async () => {
    await spent();
    await Promise.all([
      maybe("budgets", { data: [] }, signal).then((page) => put(budgets, standing(page.data)), (error) => failed(budgets, error)),
      get("costs/daily?days=30", signal).then((page) => (plot.setData(days(page)), put(figures, sums(page))), (error) => failed(figures, error)),
    ]);
  });
}

const drawn = (place, signal) => chart(place, [[], []], [{ label: "spent", colour: "accent", bars: true, words: dollars }], signal, { days: true });
const days = (page) => [page.days.map((one) => Date.parse(`${one.date}T12:00:00`) / 1000), page.days.map((one) => one.cost_usd)];

function sums(page) {
  const [today, yesterday] = [...page.days].reverse();
  const week = page.days.slice(-7).reduce((all, one) => all + one.cost_usd, 0);
  return [
    figure("Today", dollars(today.cost_usd), `${count(today.requests)} calls`),
    figure("Yesterday", dollars(yesterday.cost_usd), `${count(yesterday.requests)} calls`),
    figure("Seven days", dollars(week), `${dollars(week / 7)} a day`),
    figure("Thirty days", dollars(page.total_cost), `${count(page.days.reduce((all, one) => all + one.requests, 0))} calls`),
    figure("A thousand tokens", dollars(price(page)), "in and out, thirty days"),
    page.total_saved > 0 && figure("Saved", dollars(page.total_saved), `by the cache, ${dollars(today.saved_usd)} today`),
  ];
}

function price(page) {
  const tokens = page.days.reduce((all, one) => all + one.prompt_tokens + one.completion_tokens, 0);
  return tokens ? (page.total_cost / tokens) * 1000 : null;
}

function standing(rows) {
  if (!rows.length) return empty("No budget stands anywhere", "Give one to a key, a team, or everything: under `service` in the configuration, or at run time:", `python proxy.py keys create carol --budget 50/month`);
  return table(BUDGETS, rows, (row) => ({ class: tone(row) }));
}

// Of nothing, all is used.
const share = (row) => (row.limit_usd ? (row.spent_usd + row.held_usd) / row.limit_usd : 1);
const tone = (row) => (share(row) >= 1 ? "bad" : share(row) >= 0.8 ? "warn" : "");
const [kind, rest] = [(scope) => scope.split("/")[0], (scope) => scope.slice(scope.indexOf("/") + 1)];

const BUDGETS = [
  { label: "Whose", cell: (row) => [pill("", kind(row.scope)), " ", name(row.scope.includes("/") ? rest(row.scope) : "everything"), row.model && [" ", pill("", row.model)]] },
  { label: "Used", cell: (row) => h("div", { class: "used" }, bar(share(row), { mark: row.expected_usd && row.limit_usd ? row.expected_usd / row.limit_usd : null, tone: tone(row) }), percent(share(row))) },
  { label: "Spent", right: true, cell: (row) => dollars(row.spent_usd) },
  { label: "Held", right: true, cell: (row) => dollars(row.held_usd) },
  { label: "Limit", right: true, cell: (row) => [dollars(row.limit_usd), h("small", {}, ` / ${row.per}`)] },
  { label: "Expected", right: true, cell: (row) => h("span", { title: `${dollars(row.low_usd)} to ${dollars(row.high_usd)}` }, dollars(row.expected_usd)) },
  { label: "Runs out", cell: (row) => out(row) },
  { label: "Begins anew", cell: (row) => (row.resets_at ? away(row.resets_at) : "never") },
];

function out(row) {
  if (share(row) >= 1) return pill("bad", "spent");
  const { expected, earliest } = row.runs_out ?? {};
  if (expected) return pill("warn", day(expected));
  return earliest ? h("span", { class: "soft" }, `not before ${day(earliest)}`) : h("span", { class: "soft" }, "not in sight");
}

function parts(page, part) {
  const rows = (page[`by_${part}`] ?? []).slice(0, 50);
  if (!rows.length) return empty("Nothing was spent in that time", "Calls are counted here as soon as they are over.");
  const most = Math.max(...rows.map((row) => row.cost_usd), 1e-12);
  return table([
    { label: PARTS.find(([value]) => value === part)[1], cell: (row) => name(row[part], part === "key" || part === "tag" || part === "team" ? "none" : "refused before") },
    { label: "Share", cell: (row) => h("div", { class: "used" }, bar(row.cost_usd / most), percent(page.total_cost ? row.cost_usd / page.total_cost : null)) },
    { label: "Calls", right: true, cell: (row) => count(row.requests) },
    { label: "Tokens in", right: true, cell: (row) => count(row.prompt_tokens) },
    { label: "Tokens out", right: true, cell: (row) => count(row.completion_tokens) },
    { label: "Cost", right: true, cell: (row) => dollars(row.cost_usd) },
  ], rows);
}
