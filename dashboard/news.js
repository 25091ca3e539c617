// What happens, as it happens: the server's event stream; where it has none, the ledger's newest calls again and again.

import { maybe } from "./api.js";
import { every } from "./dom.js";

const KINDS = ["call", "breaker", "alert", "reload", "target", "gap"];
const STATES = { live: "Live", polling: "Every 3 s, from the ledger", connecting: "Connecting …" };
const FIRST = 300; // calls of the ledger to begin with
const AGAIN = 3000; // milliseconds between two looks into the ledger
const HELD = 300; // seconds of calls that figures are made of
const MOST = 20000; // calls that are remembered for figures, however many come

/** A call of the ledger, in the words of an event. */
export const told = (row) => ({
  id: row.id, time: Date.parse(row.time) / 1000, key: row.key, route: row.route, target: row.target,
  status: row.status, fault: row.fault, stream: row.stream, ms: row.total_ms, first_ms: row.first_content_ms,
  tokens_in: row.usage?.input, tokens_out: row.usage?.output, cost_usd: row.cost_usd, cache: row.cache ?? null,
});

class News {
  constructor() {
    this.calls = []; // of the last minutes, the oldest first
    this.signals = []; // all else, the newest first
    this.lost = 0;
    this.since = 0; // from when on all calls are known
    this.state = "connecting";
    this._seen = new Set();
    this._stop = null;
    this._told = () => {};
  }

  /** *told* hears how it stands, as words and whether that is live. */
  async open(told) {
    this._stop = new AbortController();
    this._told = told;
    await this._look();
    if (this._stop.signal.aborted) return;
    const source = new EventSource("../api/v1/events");
    this._stop.signal.addEventListener("abort", () => source.close());
    source.onopen = () => this._stand("live");
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) this._stand("connecting");
      else if (!this._stop.signal.aborted) this._fallBack();
    };
    for (const kind of KINDS) source.addEventListener(kind, (event) => this._take(kind, JSON.parse(event.data)));
  }

  close() {
    this._stop?.abort();
    Object.assign(this, { calls: [], signals: [], lost: 0, since: 0, state: "connecting" });
    this._seen.clear();
  }

  _take(kind, fact) {
    if (kind === "call") this._call(fact);
    else if (kind === "gap") this.lost += fact.lost;
    else if (!fact.heard) this.signals = [{ ...fact, what: kind, at: fact.time ?? Date.now() / 1000 }, ...this.signals].slice(0, 100);
  }

  _call(fact) {
    if (this._seen.has(fact.id)) return;
    this._seen.add(fact.id);
    const time = typeof fact.time === "number" ? fact.time : Date.parse(fact.time) / 1000;
    this.calls.push({ ...fact, time });
    if (this.calls.length > MOST) this._forget(MOST / 10);
  }

  _forget(many) {
    for (const call of this.calls.splice(0, many)) this._seen.delete(call.id);
  }

  async _look() {
    const page = await maybe(`calls?most=${FIRST}`, { data: [] }).catch(() => ({ data: [] }));
    for (const row of page.data.reverse()) this._call(told(row));
    this.calls.sort((a, b) => a.time - b.time);
    if (this.since === 0 && page.data.length === FIRST) this.since = this.calls[0].time;
  }

  _stand(state) {
    this.state = state;
    this._told(STATES[state], state === "live");
  }

  _fallBack() {
    this._stand("polling");
    every(AGAIN, this._stop.signal, () => this._look());
  }

  /** Calls of the last *seconds*. */
  recent(seconds = HELD) {
    const since = Date.now() / 1000 - seconds;
    let first = this.calls.length;
    while (first > 0 && this.calls[first - 1].time >= since) first -= 1;
    return this.calls.slice(first);
  }
}

export const news = new News();
export const underWay = async (signal) => {
  const page = await maybe("targets", null, signal);
  if (page === null) return null;
  return page.data.reduce((all, target) => all + (target.in_flight ?? 0), 0);
};
