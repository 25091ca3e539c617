// How far a canary has come, how it does beside the rest of its route, and stopping it or beginning anew by hand.

import { post, safe } from "./api.js";
import { h } from "./dom.js";
import { attempt, button, dialog, name, pill, say, table } from "./parts.js";
import { away, count, dollars, ms, percent, plural } from "./words.js";

const TONES = { running: "accent", passed: "good", rolled_back: "bad", stopped: "warn" };
const FLYING = ["running", "passed"];
const GUARDS = { // what each looks at, and how its figures are read
  errors: ["Calls that fail", percent],
  first_content: ["First word, median", ms],
  cost: ["Cost, mean", dollars],
  validity: ["Flawed answers", percent],
};
const STATES = { fine: ["good", "fine"], doubtful: ["warn", "doubtful", "Above what it may, but that may be chance"], broken: ["bad", "broken"] };

/** *told* is how it stands, undefined where that isn't known; *plan* how it was meant to go. *again* looks anew. */
export function canary(told, plan, again) {
  if (told === undefined) {
    return h("div", { class: "flight" }, h("h3", {}, "Canary"), h("p", { class: "soft" }, "How it stands can’t be read at the moment: the state store doesn’t answer."));
  }
  const flying = FLYING.includes(told.status);
  return h("div", { class: "flight" },
    h("div", { class: "bar-of-tools" },
      h("h3", {}, "Canary ", name(told.targets.join(", "))), pill(TONES[told.status] ?? "", (told.status ?? "not begun").replaceAll("_", " ")),
      h("span", { class: "tools" },
        button("Begin anew …", () => move(told, "restart", again), { "data-focus": `restart ${told.route}` }),
        button("Stop …", () => move(told, "stop", again), { class: "danger", disabled: !flying, "data-focus": `stop ${told.route}` }))),
    stages(told, flying),
    h("p", { class: told.status === "rolled_back" ? "bad" : "soft" }, sentence(told, plan)),
    flying && table(COLUMNS, [calls(told), ...told.guards.map(guard)]));
}

/** One stop for each share, joined by the track that it has behind it. */
function stages(told, flying) {
  const stop = (share, place) => {
    const number = place + 1;
    const passed = flying && (number < told.stage || told.status === "passed");
    const here = flying && number === told.stage;
    return h("li", { class: passed ? "passed" : here ? "here" : "", "aria-current": here && "step" }, part(share));
  };
  return h("ol", { class: "stages", "aria-label": "Stages: the share of sessions that try it" }, told.stages.map(stop));
}

function sentence(told, plan) {
  if (told.status === null) return "It begins as soon as the state store can be reached.";
  if (told.status === "rolled_back") return `Rolled back ${away(told.since)}: ${told.reason}. No session tries it.`;
  if (told.status === "stopped") return `No session tries it: ${told.reason} ${away(told.since)}.`;
  const share = `${part(told.share)} of sessions try it`;
  if (told.status === "passed") return `All stages are behind it, ${away(told.since)}. ${share}, and it is watched on.`;
  const next = plan ? `; goes on after ${length(plan.every_seconds)} and ${plural(plan.minimum, "call")}, if all guards are fine` : "";
  return `Stage ${told.stage} of ${told.stages.length}, begun ${away(told.since)}. ${share}${next}.`;
}

const part = (share) => `${count(share * 100)}\u00a0%`;
const length = (seconds) => (seconds < 60 ? `${count(seconds)}\u00a0s` : seconds % 3600 ? `${count(seconds / 60)}\u00a0min` : `${count(seconds / 3600)}\u00a0h`);

const calls = (told) => ({ label: "Calls", canary: count(told.canary.calls), rest: count(told.rest.calls), limit: "", state: null });

function guard(one) {
  const [label, words] = GUARDS[one.guard] ?? [one.guard.replaceAll("_", " "), count];
  return { label, canary: words(one.canary), rest: words(one.rest), limit: words(one.limit), state: STATES[one.state] ?? ["", one.state] };
}

const COLUMNS = [
  { label: "Guard", cell: (row) => row.label },
  { label: "Canary", right: true, cell: (row) => h("strong", {}, row.canary) },
  { label: "The rest", right: true, cell: (row) => row.rest },
  { label: "May reach", right: true, cell: (row) => row.limit },
  { label: "", right: true, cell: (row) => row.state && pill(...row.state) },
];

const MOVES = {
  stop: {
    title: (told) => `Stop the canary of ${told.route}`, action: "Stop it", tone: "danger", done: "stopped",
    note: () => "From now on no session tries it. It can be begun anew, from its first stage.",
  },
  restart: {
    title: (told) => `Begin the canary of ${told.route} anew`, action: "Begin anew", tone: "", done: "begun anew",
    note: (told) => `It goes to its first stage: ${part(told.stages[0])} of sessions try ${told.targets.join(", ")}. What was counted is forgotten.`,
  },
};

async function move(told, action, again) {
  const { title, note, done, ...facts } = MOVES[action];
  if ((await dialog(title(told), [], { ...facts, note: note(told) })) === null) return;
  await attempt(async () => {
    await post(`canaries/${safe(told.route)}`, { action });
    say(`The canary of ${told.route} is ${done}.`);
  });
  await again();
}
