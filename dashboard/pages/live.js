// What goes through at this moment: figures, a curve, the newest calls, and whatever else made itself heard.

import { brief, heard } from "../alarms.js";
import { chart } from "../chart.js";
import { h, put, every } from "../dom.js";
import { news, underWay } from "../news.js";
import { breaker, card, curl, empty, figure, name, pill, status, table } from "../parts.js";
import { clock, count, dollars, ms, percent, plural, quantile, sum } from "../words.js";

const SHOWN = 60; // calls in the list
const CURVE = 120; // seconds

export function show(place, _words, signal) {
  const figures = h("div", { class: "figures" });
  const curve = h("div", { class: "plot" });
  const list = h("div", { class: "list" });
  const heard = h("div", { class: "heard" });
  const search = h("input", { type: "search", placeholder: "Filter: a route, target, key or status", "aria-label": "Filter calls", "data-search": "", oninput: () => calls() });
  const still = h("input", { type: "checkbox", id: "still" });
  put(place,
    h("header", {}, h("h1", {}, "Live"), h("p", { class: "soft", id: "how" }, "What goes through at this moment")),
    figures,
    h("div", { class: "split level" }, card("Calls a second", curve), card("Signals", heard)),
    h("section", { class: "card" },
      h("div", { class: "bar-of-tools" }, h("h2", {}, "Newest calls"), search, h("label", { class: "check", for: "still" }, still, "Hold still")), list));
  const plot = chart(curve, seconds(), [
    { label: "answered", colour: "accent", words: count }, { label: "failed", colour: "bad", words: count },
  ], signal, { height: 130 });
  const calls = () => put(list, newest(search.value.trim().toLowerCase()));
  let flying = null;
  every(2000, signal, async () => (flying = await underWay(signal).catch(() => null)));
  return every(500, signal, () => {
    put(figures, now(flying));
    plot.setData(seconds());
    if (!still.checked) calls();
    put(heard, signals());
    if (news.lost) document.querySelector("#how").textContent = `${plural(news.lost, "event")} were too many to show, and left out`;
  });
}

function now(flying) {
  const calls = news.recent(300);
  const minute = news.recent(60);
  const first = calls.map((call) => call.first_ms ?? call.ms).filter((one) => one > 0);
  const known = Math.max(1, Math.min(60, Date.now() / 1000 - news.since)); // seconds of the last minute
  const time = news.since > Date.now() / 1000 - 300 ? `since ${clock(news.since).slice(0, 5)}` : "in 5 min";
  const bad = calls.filter((call) => call.status >= 400 || call.fault);
  return [
    figure("Calls a second", count(minute.length / known), known < 60 ? `last ${Math.round(known)} s` : "last minute"),
    flying !== null && figure("Under way", count(flying), "at targets, now"),
    figure("Failed", percent(calls.length ? bad.length / calls.length : null), `${count(bad.length)} of ${count(calls.length)} ${time}`),
    figure("First word", ms(quantile(first, 0.5)), `p95 ${ms(quantile(first, 0.95))}`),
    figure("Tokens out", count(sum(minute.map((call) => call.tokens_out)) / known), "a second"),
    figure("Spent", dollars(sum(calls.map((call) => call.cost_usd))), time),
  ];
}

function seconds() {
  const end = Math.floor(Date.now() / 1000) - 1;
  const times = Array.from({ length: CURVE }, (_, place) => end - CURVE + 1 + place);
  const good = times.map(() => 0);
  const bad = times.map(() => 0);
  for (const call of news.recent(CURVE + 2)) {
    const place = Math.floor(call.time) - times[0];
    if (place >= 0 && place < CURVE) (call.status >= 400 || call.fault ? bad : good)[place] += 1;
  }
  return [times, good, bad];
}

function newest(wanted) {
  const fits = (call) => !wanted || [call.route, call.target, call.key, call.status, call.fault, call.id].join(" ").toLowerCase().includes(wanted);
  const rows = [];
  for (let place = news.calls.length - 1; place >= 0 && rows.length < SHOWN; place -= 1) if (fits(news.calls[place])) rows.push(news.calls[place]);
  if (rows.length) return table(COLUMNS, rows);
  if (wanted) return empty("No such call", "Of the newest calls none has this in its route, target, key, status or id.");
  return empty("No call has come by yet", "Send one, and it is here before its answer is read:", curl("demo"));
}

const COLUMNS = [
  { label: "Time", cell: (call) => h("a", { class: "figure-link", href: `#/call/${encodeURIComponent(call.id)}`, "data-focus": call.id }, clock(call.time)) },
  { label: "Route", cell: (call) => name(call.route) },
  { label: "Answered by", cell: (call) => name(call.target, "nobody") },
  { label: "Key", cell: (call) => name(call.key) },
  { label: "Status", cell: (call) => [status(call), call.stream && pill("", "stream"), call.cache && pill("accent", `cache ${call.cache}`)] },
  { label: "First word", right: true, cell: (call) => ms(call.first_ms) },
  { label: "Whole", right: true, cell: (call) => ms(call.ms) },
  { label: "Tokens", right: true, cell: (call) => `${count(call.tokens_in ?? 0)} → ${count(call.tokens_out ?? 0)}` },
  { label: "Cost", right: true, cell: (call) => dollars(call.cost_usd) },
];

function signals() {
  const standing = brief();
  if (!news.signals.length) return standing ?? empty("All quiet", "Breakers that open, alerts, reloads and benched targets are told here.");
  return [standing && h("p", {}, standing), h("ol", {}, news.signals.map((fact) => h("li", {}, h("time", {}, clock(fact.at)), " ", TOLD[fact.what](fact))))];
}

const TOLD = {
  breaker: (fact) => [breaker(fact.state), " ", name(fact.target)],
  alert: heard,
  reload: (fact) => [pill(fact.ok === false ? "bad" : "good", fact.ok === false ? "refused" : "reloaded"), " configuration"],
  target: (fact) => [pill(fact.benched ? "warn" : "good", fact.benched ? "benched" : "back", fact.benched?.reason), " ", name(fact.target)],
};
