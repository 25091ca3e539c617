// Each target: whether it is there, how fast and how well it answers; and taking one out of service by hand.

import { maybe, post, safe } from "../api.js";
import { every, h, put } from "../dom.js";
import { attempt, breaker, button, dialog, empty, failed, field, name, pill, say, table } from "../parts.js";
import { away, count, dollars, ms, percent } from "../words.js";

export function show(place, _words, signal) {
  const list = h("div");
  const search = h("input", { type: "search", placeholder: "Filter targets", "aria-label": "Filter targets", "data-search": "", oninput: () => shown() });
  put(place, h("header", {}, h("h1", {}, "Targets"), h("p", { class: "soft" }, "Calls, errors and times are of the last hour; what is under way, of this moment.")),
    h("section", { class: "card" }, h("div", { class: "bar-of-tools" }, h("h2", {}, "All targets"), search), list));
  let rows = null;
  const shown = () => rows && put(list, listed(rows, search.value.trim().toLowerCase(), look));
  async function look() {
    try {
      rows = (await maybe("targets", { data: null }, signal)).data;
      if (rows === null) put(list, empty("This server has no list of targets", "The health page shows their breakers:", 'curl -H "authorization: Bearer $ADMIN_KEY" ' + new URL("../health", location.href)));
      else shown();
    } catch (error) {
      failed(list, error);
    }
  }
  return every(2500, signal, look);
}

function listed(rows, wanted, again) {
  const fitting = rows.filter((row) => row.id.toLowerCase().includes(wanted));
  if (!rows.length) return empty("No route names a target", "Give `routes` one in the configuration; a running server takes it up by itself.");
  if (!fitting.length) return empty("No such target", "None has this in its name.");
  const order = (row) => (row.benched || row.breaker?.state !== "closed" ? 0 : row.live?.calls ? 1 : row.configured === false ? 3 : 2);
  return table(columns(again), fitting.sort((a, b) => order(a) - order(b) || (b.live?.calls ?? 0) - (a.live?.calls ?? 0)), (row) => ({ class: row.configured === false ? "off" : "" }));
}

function columns(again) {
  return [
    { label: "Target", cell: (row) => name(row.id) },
    { label: "State", cell: state },
    { label: "Under way", right: true, cell: (row) => [count(row.in_flight ?? 0), row.limit ? h("small", {}, ` / ${count(row.limit)}`) : ""] },
    { label: "Calls", right: true, cell: (row) => count(row.live?.calls ?? 0) },
    { label: "Errors", right: true, cell: (row) => h("span", { class: row.live?.error_rate > 0.05 ? "bad" : "" }, row.live?.calls ? percent(row.live.error_rate) : "–") },
    { label: "First word", right: true, cell: (row) => ms(row.live?.first_content_ms?.p50) },
    { label: "p95", right: true, cell: (row) => ms(row.live?.first_content_ms?.p95) },
    { label: "Tokens/s", right: true, cell: (row) => count(row.live?.tokens_per_second?.p50) },
    { label: "A call", right: true, cell: (row) => dollars(row.live?.usd_per_call) },
    { label: "", right: true, cell: (row) => (row.benched ? button("Unbench", () => unbench(row, again), { "data-focus": row.id }) : button("Bench …", () => bench(row, again), { "data-focus": row.id })) },
  ];
}

function state(row) {
  const found = [];
  if (row.benched) found.push(pill("warn", `benched ${row.benched.until ? away(row.benched.until).replace("in", "for") : ""}`, row.benched.reason));
  if (row.configured === false) found.push(pill("", "not configured"));
  else if (row.breaker) found.push(breaker(row.breaker.state));
  if (row.breaker?.opens_until) found.push(h("small", {}, ` tried ${away(row.breaker.opens_until)}`));
  if (absent(row.presence)) found.push(pill("bad", "away", "Its provider’s probes fail"));
  for (const one of row.credentials ?? []) if (one.resting_until) found.push(pill("warn", `${one.name} rests`, away(one.resting_until)));
  return found;
}

const absent = (presence) => presence === false || presence === "lost" || presence === "away" || presence?.lost === true;

async function bench(row, again) {
  const given = await dialog(`Bench ${row.id}`, [
    field("For how many minutes", "minutes", { type: "number", value: "15", min: "1", max: "10080", required: true }),
    field("Why", "reason", { maxlength: "200", placeholder: "answers are garbled" }),
  ], { action: "Bench", tone: "danger", note: "No call goes there meanwhile, unless it names the target itself." });
  if (given === null) return;
  await attempt(async () => {
    await post(`targets/${safe(row.id)}/bench`, { seconds: Number(given.minutes) * 60, reason: given.reason || "benched on the page" });
    say(`${row.id} is on the bench.`);
  });
  await again();
}

async function unbench(row, again) {
  await attempt(async () => {
    await post(`targets/${safe(row.id)}/unbench`, {});
    say(`${row.id} is back.`);
  });
  await again();
}
