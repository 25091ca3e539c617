// What the cache has saved, and taking things out of it.

import { maybe, remove } from "../api.js";
import { every, h, put } from "../dom.js";
import { attempt, button, card, dialog, empty, failed, field, figure, name, pill, say, table } from "../parts.js";
import { count, dollars, percent, plural, when } from "../words.js";

export function show(place, _words, signal) {
  const body = h("div");
  const clear = button("Clear …", () => away(look), { class: "danger" });
  put(place, h("header", {}, h("h1", {}, "Cache"), h("p", { class: "soft" }, "Answers that were given once and can be given again."), clear), body);
  async function look() {
    try {
      const page = await maybe("cache?samples=1", null, signal);
      clear.hidden = page === null;
      put(body, page === null ? empty("This server keeps no answers", "With a cache, what was asked before is answered at once, for nothing.") : told(page, look));
    } catch (error) {
      failed(body, error);
    }
  }
  return every(5000, signal, look);
}

function told(page, again) {
  const asked = (page.hits ?? 0) + (page.misses ?? 0);
  const routes = page.by_route ?? [];
  return [
    h("div", { class: "figures" },
      figure("Hits", percent(asked ? page.hits / asked : null), `${count(page.hits)} of ${count(asked)}`),
      figure("Saved", dollars(page.saved_usd)), figure("Answers kept", count(page.entries), WHERE[page.kind] ?? ""),
      figure("Room taken", page.reached === false ? pill("bad", "Redis can’t be reached") : size(page.bytes), page.max_bytes ? `${percent(page.bytes / page.max_bytes)} of ${size(page.max_bytes)}` : ""),
      figure("Stale", count(page.stale), "every target failed"), figure("Passed by", count(page.bypassed), "not meant to be kept")),
    card("By route", routes.length ? table(routed(again), routes) : empty("Nothing was looked for yet", "Turn it on where answers may repeat:", "defaults:\n  cache: {ttl: 1h}")),
    page.samples?.length ? card("Questions that were alike", h("p", { class: "soft" }, "Would, or did, the one’s answer do for the other? Look at them before you let it be served."), table(ALIKE, page.samples)) : null];
}

function size(bytes) {
  if (bytes === undefined || bytes === null) return "";
  return bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`;
}

const WHERE = { redis: "in Redis, for all processes", memory: "in memory" };

const routed = (again) => [
  { label: "Route", cell: (row) => name(row.route ?? row.name) },
  { label: "Hits", right: true, cell: (row) => count(row.hits) },
  { label: "Share", right: true, cell: (row) => percent(row.hits + row.misses ? row.hits / (row.hits + row.misses) : null) },
  { label: "Misses", right: true, cell: (row) => count(row.misses) },
  { label: "Stale", right: true, cell: (row) => count(row.stale ?? 0) },
  { label: "Passed by", right: true, cell: (row) => count(row.bypassed ?? 0) },
  { label: "Saved", right: true, cell: (row) => dollars(row.saved_usd) },
  { label: "", right: true, cell: (row) => button("Clear …", () => clear({ kind: "route", value: row.route }, again), { "data-focus": `clear ${row.route}` }) },
];

const ALIKE = [
  { label: "Alike", cell: (row) => percent(row.similarity) },
  { label: "Asked", cell: (row) => h("span", { class: "quoted" }, row.asked) },
  { label: "Like", cell: (row) => h("span", { class: "quoted" }, row.like) },
  { label: "Outcome", cell: (row) => [pill("", (row.outcome ?? "").replaceAll("_", " ")), row.differs_in && h("small", { class: "soft" }, ` in ${row.differs_in}`)] },
  { label: "Route", cell: (row) => name(row.route) },
  { label: "Key", cell: (row) => name(row.key) },
  { label: "When", cell: (row) => when(row.time) },
];

async function away(again) {
  const given = await dialog("Take answers out of the cache", [
    field("Those of", "kind", { options: ["route", "key", "model", "tag", "all"], value: "route" }), field("called", "value", { placeholder: "its name; of all, nothing" }),
  ], { action: "Go on …" });
  if (given === null) return;
  if (given.kind !== "all" && !given.value.trim()) return say(`Which ${given.kind}? Nothing was taken out.`, "bad");
  return clear({ kind: given.kind, value: given.value.trim() }, again);
}

/** Ask once more, since what was paid for is thrown away. */
async function clear({ kind, value }, again) {
  const all = kind === "all";
  const sure = await dialog(all ? "Take out all answers?" : `Take out the answers of ${kind} ${value}?`, [],
    { action: "Take them out", tone: "danger", note: "They can’t be brought back: whoever asks the same again pays for a new answer." });
  if (sure === null) return;
  await attempt(async () => {
    const { removed } = await remove(`cache?${new URLSearchParams(all ? { all: "true" } : { [kind]: value })}`);
    say(`${plural(removed, "answer")} taken out.`);
  });
  await again();
}
