// One call: what came of it, its attempts on a time line, what it was charged to, and what every choice went by.

import { get, safe } from "../api.js";
import { h, put, s } from "../dom.js";
import { card, empty, failed, figure, name, pill, status, table } from "../parts.js";
import { count, dollars, ms, when } from "../words.js";

const ROW = 30;
const KEPT = { hit: "The answer to an earlier call was given.", stale: "The answer to an earlier call was given: too old, but nobody had another." };
const HEDGED = { won: "a hedge was quicker", lost: "a hedge was too late", failed: "a hedge failed" };
const CANARY = { asked: "as a canary", passed: "after a canary" };
const FORESEEN = ["cost", "latency", "in_flight"]; // of what was seen, what the forecast beside it says better

export async function show(place, words, signal) {
  const id = words.join("/");
  put(place, h("header", {}, h("h1", {}, "Call"), h("p", { class: "soft name" }, id), h("a", { href: "#/calls" }, "All calls")), h("div", { id: "call" }));
  const body = place.querySelector("#call");
  try {
    const call = await get(`calls/${safe(id)}`, signal);
    put(body, facts(call), card("Attempts", line(call)), decided(call), h("div", { class: "split even" }, card("Usage", used(call)), card("Charged to", charged(call))));
  } catch (error) {
    if (error.status === 404) put(body, empty("There is no such call", "Its row may be too old, or nothing of that id ever came. Ids are in the header x-request-id of every answer."));
    else failed(body, error);
  }
}

function facts(call) {
  return h("div", { class: "figures" },
    figure("Status", status(call), (call.fault ?? call.finish ?? "").replaceAll("_", " ")),
    figure("Route", name(call.route), call.degraded ? `answered by ${call.degraded.route}, since ${call.degraded.scope} had too little left` : (call.task ?? "")),
    figure("Answered by", name(call.target, "nobody"), [call.stream ? "as a stream" : "as a whole", CANARY[call.canary], HEDGED[call.hedged]].filter(Boolean).join(", ")),
    figure("Key", name(call.key), call.team ? `of ${call.team}` : ""),
    figure("Whole", ms(call.total_ms), `first word ${ms(call.first_content_ms)}`),
    figure("Cost", dollars(call.cost_usd), call.cache ? `cache ${call.cache}, ${dollars(call.saved_usd)} saved` : call.estimated ? "estimated" : when(call.time)));
}

/** Attempts one below the other. Only their lengths are kept: what is left of the whole is put between them. Of two that were under way
    together, one was called off when the other one had won, so that both end at once. */
function line(call) {
  const { attempts } = call;
  if (!attempts.length && KEPT[call.cache]) return empty("Nobody was asked", KEPT[call.cache]);
  if (!attempts.length) return empty("Nobody was asked", `The call ended before its first attempt${call.fault ? `: ${call.fault.replaceAll("_", " ")}` : ""}.`);
  const turns = attempts.filter((one) => !one.hedge);
  const lasted = turns.reduce((all, one) => all + one.ms, 0);
  const whole = Math.max(call.total_ms ?? 0, ...attempts.map((one) => one.ms), 0.1);
  const between = turns.length > 1 ? Math.max(whole - lasted, 0) / (turns.length - 1) : 0;
  let at = 0, ended = 0;
  const bars = attempts.map((one, place) => {
    const from = one.hedge ? ended - one.ms : Math.min(at, whole - one.ms);
    if (!one.hedge) {
      ended = Math.max(from, 0) + one.ms;
      at += one.ms + between;
    }
    return { ...one, from: Math.max(from, 0), y: place * ROW };
  });
  return [h("ol", { class: "line" }, bars.map((one) => stop(one, whole, call))),
    h("p", { class: "scale soft" }, h("span", {}, "0"), h("span", {}, ms(whole))),
    between > 0 && whole - lasted > 1 && h("p", { class: "soft" }, `${ms(whole - lasted)} went by between attempts.`)];
}

function stop(one, whole, call) {
  const at = (value) => (value / whole) * 1000;
  const won = !one.fault && one.target === call.target;
  const picture = s("svg", { viewBox: "0 0 1000 12", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "track", width: 1000, height: 12 }),
    s("rect", { class: one.fault ? "bad" : "good", x: at(one.from), width: Math.max(at(one.ms), 4), height: 12 }),
    won && call.first_content_ms !== null && s("rect", { class: "first", x: Math.min(at(call.first_content_ms), 996), width: 4, height: 12 }));
  return h("li", {}, h("span", { class: "name", title: one.target }, one.target), picture,
    h("span", { class: "figures-of" }, ms(one.ms), " ", one.fault ? pill("bad", one.fault.replaceAll("_", " ")) : pill("good", "answered"), one.hedge && [" ", pill("accent", "hedge")], " ", dollars(one.cost_usd)));
}

function decided(call) {
  const kept = (call.decisions ?? []).filter((one) => !one.unreadable);
  return card("Decisions", kept.length ? kept.map((one) => decision(one)) : h("p", { class: "soft" }, "There was nothing to choose: no stage had more than one target that could take it."));
}

const words = (value) => (value === null || value === undefined ? "–" : typeof value === "number" ? count(value) : typeof value === "object" ? JSON.stringify(value) : String(value));

export function decision(one) {
  const before = one.candidates.some((each) => each.predicted_ms !== undefined);
  const seen = [...new Set(one.candidates.flatMap((each) => Object.keys(each.seen ?? {})))].filter((column) => !before || !FORESEEN.includes(column));
  return h("div", { class: "decision" },
    h("p", {}, pill("accent", `stage ${(one.stage ?? 0) + 1}`), " by ", h("strong", {}, one.strategy ?? ""), one.among && h("span", { class: "soft" }, ` among ${one.among}`)),
    table([
      { label: "", right: true, cell: (each) => each.place ?? "·" },
      { label: "Target", cell: (each) => name(each.target) },
      { label: "Verdict", cell: (each) => pill(each.place === 1 ? "good" : "", (each.verdict ?? "").replaceAll("_", " ")) },
      ...seen.map((column) => ({ label: column.replaceAll("_", " "), right: true, cell: (each) => (column === "cost" ? dollars((each.seen?.cost ?? NaN) / 1e9) : words(each.seen?.[column])) })),
      ...foreseen(one.candidates),
      ...(one.candidates.some((each) => each.attempts !== undefined) ? [{ label: "attempts", right: true, cell: (each) => count(each.attempts) }] : []),
    ], one.candidates));
}

/** Of calls that aren't made yet: what each is expected to take, or why it can't be had. */
function foreseen(candidates) {
  const found = [];
  if (candidates.some((each) => each.predicted_ms !== undefined)) {
    found.push({ label: "expected", right: true, cell: (each) => ms(each.predicted_ms) }, { label: "cost", right: true, cell: (each) => dollars(each.predicted_cost_usd) });
  }
  if (candidates.some((each) => each.reason || each.refused)) found.push({ label: "why not", cell: (each) => name(each.reason ?? words(each.refused)) });
  return found;
}

function used(call) {
  const rows = Object.entries(call.usage).filter(([, value]) => value);
  if (!rows.length) return h("p", { class: "soft" }, "No tokens were counted.");
  return table([{ label: "Kind", cell: ([kind]) => kind.replaceAll("_", " ") }, { label: "Tokens", right: true, cell: ([, value]) => count(value) }], rows);
}

function charged(call) {
  const rows = Object.entries(call.charges_usd ?? {});
  if (!rows.length) return h("p", { class: "soft" }, "No budget was concerned.");
  return table([{ label: "Account", cell: ([account]) => name(account) }, { label: "Dollars", right: true, cell: ([, value]) => dollars(value) }], rows);
}
