// Each route as tracks: one comes in, and as many leave it as there are targets, as wide as what really went there.

import { maybe } from "../api.js";
import { canary } from "../canary.js";
import { every, h, put, s } from "../dom.js";
import { empty, failed, pill } from "../parts.js";
import { count, percent, plural, sum } from "../words.js";

const ROW = 34; // height of a target's line
const HEAD = 24; // height of a stage's heading
const WIDEST = 460;
const NARROWEST = 300;
const FROM = (wide) => (wide < 400 ? 22 : 44); // where the track comes in
const TO = (wide) => (wide < 400 ? 74 : 132); // where a target's track begins
const FIGURES = 92; // room for what went there
const LETTER = 7.2; // about as wide as one is
const SMALL = 6; // in headings

export function show(place, _words, signal) {
  const list = h("div", { class: "tracks" });
  const search = h("input", { type: "search", placeholder: "Filter routes", "aria-label": "Filter routes", "data-search": "", oninput: () => shown() });
  put(place, h("header", {}, h("h1", {}, "Routes"), h("p", { class: "soft" }, "Tracks are as wide as the calls of the last hour that went there."), search), list);
  let routes = null;
  let seen = {};
  const shown = () => routes && put(list, drawn(routes, seen, search.value.trim().toLowerCase(), Math.max(NARROWEST, Math.min(WIDEST, list.clientWidth - 34))));
  async function look() {
    try {
      const [found, targets, flights] = await Promise.all([maybe("routes", { data: null }, signal), maybe("targets", { data: [] }, signal), flown(signal)]);
      routes = found.data;
      seen = { states: Object.fromEntries(targets.data.map((target) => [target.id, target])), flights, again: look };
      if (routes === null) put(list, empty("This server has no list of routes", "The configuration has; `python proxy.py check` tells what it means."));
      else shown();
    } catch (error) {
      failed(list, error);
    }
  }
  return every(5000, signal, look);
}

/** Canaries by route. None while the store is down: the rest of the page is worth its space all the same. */
async function flown(signal) {
  const page = await maybe("canaries", { canaries: [] }, signal).catch((error) => {
    if (error.status === 503) return { canaries: [] };
    throw error;
  });
  return new Map(page.canaries.map((one) => [one.route, one]));
}

function drawn(routes, seen, wanted, wide) {
  const fitting = routes.filter((route) => JSON.stringify([route.name, route.stages, route.canary?.targets]).toLowerCase().includes(wanted));
  if (!routes.length) return empty("There are no routes", "Give the configuration one: the name that clients ask for, and who answers.", "routes:\n  smart: [openai/gpt-4o, anthropic/claude-sonnet-5-5]");
  if (!fitting.length) return empty("No such route", "None has this in its name or its targets.");
  const busy = (route) => sum(Object.values(route.seen ?? {}));
  const tracks = [...fitting].sort((a, b) => busy(b) - busy(a)).map((route) => track(route, seen, wide));
  if (wanted || routes.some((route) => route.canary)) return tracks;
  return [...tracks, h("div", { class: "hint" }, empty("No route has a canary", "Let a share of sessions try a model before all depend on it: it goes from stage to stage while its guards are fine, and back by itself when one breaks.",
    "routes:\n  smart:\n    chain: openai/gpt-4o\n    canary: {target: openai/gpt-4.1, stages: [1%, 5%, 25%]}"))];
}

function track(route, { states, flights, again }, wide) {
  const seen = route.seen ?? {};
  const calls = sum(Object.values(seen));
  const lines = laid(route, seen);
  const height = Math.max(lines.at(-1)?.below ?? 0, 40) + 6;
  const middle = height / 2;
  const picture = s("svg", { viewBox: `0 0 ${wide} ${height}`, role: "img", "aria-label": words(route, seen, calls) },
    // Those that were used lie above those that weren't.
    [...lines].filter((line) => !line.head).sort((a, b) => a.calls - b.calls).map((line) => rail(line, middle, calls, wide)),
    s("line", { class: calls ? "rail used" : "rail", x1: 4, x2: FROM(wide), y1: middle, y2: middle, "stroke-width": calls ? 7.5 : 1.5 }),
    lines.map((line) => (line.head ? s("text", { class: "head", x: TO(wide), y: line.y }, cut(line.head, Math.floor((wide - TO(wide)) / SMALL))) : target(line, calls, states[line.id], wide))));
  return h("section", { class: route.canary ? "card flown" : "card" }, h("div", { class: "bar-of-tools" }, h("h2", { class: "name" }, route.name), route.strategy && pill("", route.strategy),
    route.hedge && pill("accent", "hedged"), h("span", { class: "soft" }, calls ? `${plural(calls, "call")} in the last hour` : "no call in the last hour")),
    h("div", { class: "beside" }, picture, route.canary && canary(flights.get(route.name), route.canary, again)));
}

/** Headings and targets from top to bottom, each with its place; strangers that calls went to come last. */
function laid(route, seen) {
  const lines = [];
  let y = 4;
  const head = (text) => lines.push({ head: text, y: (y += HEAD) - 8, below: y });
  const end = (id, kind) => lines.push({ id, kind, calls: seen[id] ?? 0, y: (y += ROW) - ROW / 2, below: y });
  const known = new Set();
  (route.stages ?? []).forEach((stage, place) => {
    head(heading(stage, place));
    for (const id of stage.targets ?? []) known.add(id) && end(id, "");
    if (!stage.targets?.length && stage.route) end(`route ${stage.route}`, "route");
  });
  const besides = [[route.canary, "canary"], [route.shadow, "shadow"]].flatMap(([what, kind]) => named(what).map((id) => [id, kind]));
  for (const [id, kind] of besides) {
    if (known.has(id)) continue;
    head(kind === "canary" ? "canary: tried by some first" : "shadow: gets copies");
    known.add(id) && end(id, kind);
  }
  const strangers = Object.keys(seen).filter((id) => !known.has(id)).slice(0, 12);
  if (strangers.length) head("elsewhere");
  for (const id of strangers) end(id, "");
  return lines;
}

const named = (what) => (what ? [what.target ?? what.targets ?? what].flat().filter((id) => typeof id === "string") : []);

function heading(stage, place) {
  const faults = [stage.on ?? []].flat();
  const after = place === 0 ? "first" : faults.length ? `after ${faults.slice(0, 4).join(", ")}${faults.length > 4 ? " …" : ""}` : "then";
  return `${place + 1} · ${after}${(stage.targets?.length ?? 0) > 1 ? ` · by ${stage.strategy}` : ""}`;
}

function rail(line, middle, calls, wide) {
  const [from, to] = [FROM(wide), TO(wide)];
  const half = (from + to) / 2;
  const bend = `M${from} ${middle} C${half + 12} ${middle} ${half - 12} ${line.y} ${to} ${line.y}`;
  return s("path", { class: `rail ${line.calls ? "used" : ""} ${line.kind}`, d: bend, "stroke-width": line.calls ? 1.5 + (6 * line.calls) / calls : 1.2 });
}

function target(line, calls, state, wide) {
  const to = TO(wide);
  const longest = Math.floor((wide - to - 16 - (line.calls ? FIGURES : 0)) / LETTER);
  const share = calls ? line.calls / calls : 0;
  const used = line.calls ? "used" : "";
  const tone = state?.benched ? "warn" : state && state.breaker && state.breaker.state !== "closed" ? "bad" : state?.configured === false ? "off" : "good";
  return s("g", {},
    s("title", {}, `${line.id}: ${plural(line.calls, "call")}`),
    s("circle", { class: `lamp ${tone}`, cx: to + 4, cy: line.y, r: 4.5 }),
    s("text", { class: `end ${used} ${tone === "off" ? "off" : ""}`, x: to + 16, y: line.y + 4 }, cut(line.id, longest)),
    line.calls ? s("text", { class: "share", x: wide - 4, y: line.y + 4 }, `${percent(share)} · ${count(line.calls)}`) : null);
}

const cut = (text, longest) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

/** The same for those who hear it. */
function words(route, seen, calls) {
  const chain = (route.stages ?? []).map((stage) => (stage.targets ?? []).join(" or ")).join(", then ");
  const went = Object.entries(seen).map(([id, number]) => `${plural(number, "call")} to ${id}`).join(", ");
  return `Route ${route.name}: ${chain}. ${calls ? `In the last hour ${went}.` : "No call in the last hour."}`;
}
