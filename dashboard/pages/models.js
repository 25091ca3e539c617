// Models beside each other: what they cost against how fast and how good they are.

import { maybe } from "../api.js";
import { h, put, s } from "../dom.js";
import { card, choice, empty, failed, name, pill, table } from "../parts.js";
import { count, dollars, ms, percent } from "../words.js";

const WIDTH = 980;
const HEIGHT = 330;
const LEFT = 56;
const UPRIGHT = [["latency", "First word"], ["quality", "Quality"]];
const PRICES = [["price", "Price"], ["seen", "Seen per call"]];

const quality = (model, task = "chat") => {
  const figures = model.quality;
  return typeof figures === "number" ? figures : (figures?.[task] ?? Object.values(figures ?? {})[0] ?? null);
};
const prices = (model) => model.prices ?? {};
const COST = {
  price: (model) => prices(model).blended_usd_per_million ?? null,
  seen: (model) => model.live?.usd_per_call ?? null,
};
const HEIGHTS = { latency: (model) => model.live?.first_content_ms?.p50 ?? null, quality: (model) => quality(model) };

export async function show(place, _words, signal) {
  const plot = h("div");
  const tools = h("div", { class: "bar-of-tools" });
  const list = h("div");
  const search = h("input", { type: "search", placeholder: "Filter models", "aria-label": "Filter models", "data-search": "", oninput: () => shown() });
  const chosen = { up: "quality", cost: "price" };
  put(place, h("header", {}, h("h1", {}, "Models"), h("p", { class: "soft" }, "Prices and quality by the catalog and by what was seen; speed only by what was seen."), search), h("section", { class: "card" }, tools, plot), card("Side by side", list));
  let models = null;
  function shown() {
    if (models === null) return;
    const wanted = search.value.trim().toLowerCase();
    const fitting = models.filter((model) => model.id.toLowerCase().includes(wanted));
    const turn = (what) => (Object.assign(chosen, what), shown());
    put(tools, h("h2", {}, "Cost against"), choice("up", UPRIGHT, chosen.up, (up) => turn({ up })), choice("cost", PRICES, chosen.cost, (cost) => turn({ cost })));
    put(plot, scatter(fitting, chosen));
    put(list, fitting.length ? table(COLUMNS, fitting.slice(0, 200)) : empty("No such model", "None has this in its name."));
  }
  try {
    models = (await maybe("models?limit=500", { data: null }, signal)).data;
    if (models === null) put(list, empty("This server has no list of models", "Ask for their names instead:", `curl ${new URL("../v1/models", location.href)}`));
    shown();
  } catch (error) {
    failed(list, error);
  }
}

function scatter(models, { up, cost }) {
  const points = models.map((model) => ({ model, x: COST[cost](model), y: HEIGHTS[up](model) })).filter((point) => point.x !== null && point.y !== null && point.y >= 0);
  if (!points.length) return empty("Nothing to plot yet", up === "latency" || cost === "seen" ? "No model here was called in the last minutes. Call one, or plot price against quality." : "No model here has a price and a quality: give them in `models` of the configuration.");
  const least = Math.min(...points.map((point) => point.x).filter((x) => x > 0), 1);
  const log = (x) => Math.log10(Math.max(x, least / 3));
  const [low, high] = [Math.min(...points.map((point) => log(point.x))) - 0.1, Math.max(...points.map((point) => log(point.x))) + 0.1];
  const top = up === "quality" ? 1 : Math.max(...points.map((point) => point.y)) * 1.15 || 1;
  const x = (value) => LEFT + ((log(value) - low) / Math.max(high - low, 0.01)) * (WIDTH - LEFT - 20);
  const y = (value) => HEIGHT - 38 - (value / top) * (HEIGHT - 58);
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => part * top);
  const said = up === "quality" ? percent : ms;
  return h("div", { class: "scroll" }, s("svg", { class: "scatter", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${points.length} models, cost against ${up}; the table below has the figures` },
    marks.map((mark) => [s("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(mark), y2: y(mark) }), s("text", { class: "tick end", x: LEFT - 8, y: y(mark) + 4 }, said(mark))]),
    decades(low, high).map((mark) => s("text", { class: "tick mid", x: x(mark), y: HEIGHT - 18 }, dollars(mark))),
    s("text", { class: "tick right", x: WIDTH - 4, y: HEIGHT - 2 }, cost === "price" ? "dollars per million tokens, 3 in to 1 out" : "dollars per call"),
    spread(points, x, y).map((point) => dot(point))));
}

const decades = (low, high) => Array.from({ length: Math.max(Math.floor(high) - Math.ceil(low) + 1, 0) }, (_, place) => 10 ** (Math.ceil(low) + place));

/** Where names would lie upon each other only the first is written. */
function spread(points, x, y) {
  const taken = [];
  return points.map((point) => {
    const place = { ...point, px: x(point.x), py: y(point.y) };
    const wide = point.model.id.length * 6.2 + 14;
    place.left = place.px + wide > WIDTH;
    const from = place.left ? place.px - wide : place.px;
    place.named = !taken.some(([a, b, c]) => Math.abs(c - place.py) < 13 && from < b && from + wide > a);
    if (place.named) taken.push([from, from + wide, place.py]);
    return place;
  });
}

function dot({ model, px, py, named, left }) {
  const size = 4 + Math.min(6, Math.log10(1 + (model.live?.calls ?? 0)) * 2);
  return s("g", { class: model.live?.calls ? "dot used" : "dot" },
    s("title", {}, `${model.id}\n${dollars(COST.price(model))} per million, quality ${percent(quality(model))}, first word ${ms(model.live?.first_content_ms?.p50)}`),
    s("circle", { cx: px, cy: py, r: size }), named && s("text", { class: left ? "end" : "", x: left ? px - size - 4 : px + size + 4, y: py + 4 }, model.id.length > 40 ? `${model.id.slice(0, 39)}…` : model.id));
}

const can = (model) => Object.entries(model.capabilities ?? {}).filter(([, value]) => value === true).map(([ability]) => pill("", ability.replaceAll("_", " ")));
const COLUMNS = [
  { label: "Model", cell: (model) => name(model.id) },
  { label: "In / M", right: true, cell: (model) => dollars(prices(model).input_usd_per_million) },
  { label: "Out / M", right: true, cell: (model) => dollars(prices(model).output_usd_per_million) },
  { label: "Quality", right: true, cell: (model) => percent(quality(model)) },
  { label: "First word", right: true, cell: (model) => ms(model.live?.first_content_ms?.p50) },
  { label: "Tokens/s", right: true, cell: (model) => count(model.live?.tokens_per_second?.p50) },
  { label: "Errors", right: true, cell: (model) => (model.live?.calls ? percent(model.live.error_rate) : "–") },
  { label: "Context", right: true, cell: (model) => count(model.context_window) },
  { label: "Can", cell: (model) => h("div", { class: "pills" }, can(model)) },
];
