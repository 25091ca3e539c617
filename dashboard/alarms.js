// What is wrong and not mended yet: asked again and again, for the rail, the live page and the page of alerts.

import { maybe } from "./api.js";
import { every, h } from "./dom.js";
import { pill } from "./parts.js";
import { badge } from "./shell.js";
import { plural } from "./words.js";

// Budgets may be meant to be used up, canaries to come and go; all else is broken.
export const TONES = { budget: "warn", run_out: "warn", canary: "accent" };
const AGAIN = 5000; // milliseconds between two looks

/** *standing*: alerts, the newest first; null until they are known, and where they can't be read. */
export const alarms = { standing: null };

export async function look(signal) {
  const page = await maybe("alerts", { data: [] }, signal);
  alarms.standing = page.data;
  badge("alerts", alarms.standing.length, `${plural(alarms.standing.length, "alert")} not mended yet`);
}

export function watch(signal) {
  every(AGAIN, signal, () => look(signal).catch(() => (alarms.standing = null)));
}

/** In one line, for where there is no room for all of them. */
export function brief() {
  const number = alarms.standing?.length;
  if (!number) return null;
  return h("a", { class: "bad", href: "#/alerts" }, `${plural(number, "alert")} not mended yet`);
}

/** One that was heard of, as it begins and as it ends; what a canary does has no end, and is told with its route. */
export function heard(fact) {
  const over = fact.state === "resolved";
  const flown = fact.kind === "canary";
  const whose = flown ? `, ${[fact.scope, fact.reason].filter(Boolean).join(": ")}` : "";
  return [pill(over ? "good" : (TONES[fact.kind] ?? "bad"), over ? "over" : flown ? "moved" : "began"), " ", h("span", { class: "told" }, `${fact.message ?? fact.kind}${whose}`)];
}
