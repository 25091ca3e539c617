// The operators' page: who is in, which page is open, and what is live beside all of them.

import { watch } from "./alarms.js";
import { lost, resume } from "./api.js";
import { put } from "./dom.js";
import { news } from "./news.js";
import { door, frame, keyboard, pulse, standing } from "./shell.js";

// A page: its title, the letter after `g`, and where its module is. A module exports `show(place, words, signal)`.
const PLACES = {
  live: { title: "Live", letter: "l" },
  money: { title: "Money", letter: "m" },
  targets: { title: "Targets", letter: "t" },
  routes: { title: "Routes", letter: "r" },
  play: { title: "Playground", letter: "p" },
  calls: { title: "Calls", letter: "c" },
  keys: { title: "Keys", letter: "k" },
  models: { title: "Models", letter: "o" },
  alerts: { title: "Alerts", letter: "s" },
  cache: { title: "Cache", letter: "a" },
  config: { title: "Configuration", letter: "f" },
  call: { title: "Call", within: "calls" },
};

let main = null;
let leaving = new AbortController();
let within = new AbortController(); // until somebody logs out

async function go() {
  if (main === null) return;
  const [path, ...words] = location.hash.replace(/^#\//, "").split("/").map(decoded);
  const known = Object.hasOwn(PLACES, path) ? path : "live";
  const place = PLACES[known];
  leaving.abort();
  const mine = (leaving = new AbortController());
  standing(place.within ?? known);
  document.title = `${place.title} · Switchyard`;
  const page = await import(`./pages/${known}.js`);
  if (mine.signal.aborted) return;
  put(main);
  main.dataset.place = location.hash; // until now another place stands there, whatever the address says
  window.scrollTo(0, 0);
  await page.show(main, words, mine.signal);
}

function decoded(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

function enter() {
  main = frame(PLACES, leave);
  within = new AbortController();
  news.open(pulse);
  watch(within.signal);
  go();
}

function leave() {
  if (main === null) return;
  main = null;
  leaving.abort();
  within.abort();
  news.close();
  door(enter);
}

lost.session = leave;
window.addEventListener("hashchange", go);
keyboard(PLACES);
if (await resume().catch(() => false)) enter();
else door(enter);
