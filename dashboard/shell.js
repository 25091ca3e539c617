// The frame of the page: logging in, the rail of places, the theme, and the keyboard.

import { login, logout } from "./api.js";
import { h, put, s } from "./dom.js";
import { attempt, button } from "./parts.js";

const THEMES = ["auto", "light", "dark"];

export const mark = () =>
  s("svg", { class: "mark", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: "M2 12h5c5 0 5-7 10-7h5M7 12h15M7 12c5 0 5 7 10 7h5" }));

const theme = () => document.documentElement.dataset.theme ?? "auto";

function turn() {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
  for (const each of document.querySelectorAll(".theme")) each.textContent = `Theme: ${next}`;
  document.dispatchEvent(new Event("themechange"));
}

export function door(entered) {
  const wrong = h("p", { class: "wrong", role: "alert" });
  const key = h("input", { type: "password", name: "key", id: "key", autocomplete: "current-password", required: true });
  const enter = h("button", { class: "primary" }, "Log in");
  async function submit(event) {
    event.preventDefault();
    enter.disabled = true;
    try {
      await login(key.value);
      entered();
    } catch (error) {
      wrong.textContent = error.message;
      key.select();
    }
    enter.disabled = false;
  }
  put(document.body, h("main", { class: "door" }, h("form", { onsubmit: submit },
    h("h1", {}, mark(), "Switchyard"),
    h("input", { name: "username", value: "operator", autocomplete: "username", hidden: true }),
    h("label", { class: "field", for: "key" }, h("span", {}, "Admin key"), key),
    wrong, enter,
    h("p", { class: "soft" }, "It is ", h("code", {}, "admin.key"), " of the configuration. Where none is set, one was made at the first start:"),
    h("pre", { class: "soft" }, "cat data/admin.key"))));
  key.focus();
}

/** *places*: the pages by name. Returns where a page is to be put. */
export function frame(places, ended) {
  const links = Object.entries(places).filter(([, place]) => place.letter).map(([path, place]) =>
    h("a", { href: `#/${path}`, "data-path": path, title: `g then ${place.letter}` }, place.title));
  const out = button("Log out", () => attempt(async () => (await logout(), ended())), { class: "quiet" });
  const main = h("main", { id: "main", tabindex: "-1" });
  put(document.body,
    h("a", { class: "skip", href: "#main", onclick: (event) => (event.preventDefault(), main.focus()) }, "Skip to the page"),
    h("nav", { class: "rail", "aria-label": "Pages" },
      h("a", { class: "home", href: "#/live" }, mark(), h("span", {}, "Switchyard")),
      h("div", { class: "links" }, links),
      h("div", { class: "foot" }, h("span", { id: "pulse", class: "pulse" }),
        button(`Theme: ${theme()}`, turn, { class: "quiet theme" }), button("Shortcuts", () => help(places), { class: "quiet keys" }), out)),
    main, h("div", { id: "said", role: "status", "aria-live": "polite" }));
  return main;
}

/** How news come in, at the foot of the rail. */
export function pulse(words, live) {
  const place = document.querySelector("#pulse");
  if (place === null) return;
  place.textContent = words;
  place.classList.toggle("live", live);
}

/** A number beside a place; nothing for 0. */
export function badge(path, number, words) {
  const link = document.querySelector(`.rail .links a[data-path="${path}"]`);
  if (link === null) return;
  link.querySelector(".badge")?.remove();
  if (number) link.append(h("span", { class: "badge", "aria-label": words, title: words }, number > 99 ? "99+" : String(number)));
}

export function standing(path) {
  for (const link of document.querySelectorAll(".rail .links a")) {
    if (link.dataset.path === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelector('.rail [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
}

function help(places) {
  const lines = [
    ...Object.values(places).filter((place) => place.letter).map((place) => [`g ${place.letter}`, place.title]),
    ["/", "Search on this page"], ["t", "Light, dark, or as the system has it"], ["?", "This list"], ["Esc", "Close"],
  ];
  const box = h("dialog", { "aria-label": "Shortcuts", class: "help" }, h("h2", {}, "Shortcuts"),
    h("dl", {}, lines.map(([keys, text]) => h("div", {}, h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, text)))),
    h("div", { class: "actions" }, button("Close", () => box.close(), { class: "primary" })));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

/** Single keys, wherever nothing is being written. */
export function keyboard(places) {
  let going = 0;
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input, textarea, select, dialog");
    if (busy || event.ctrlKey || event.metaKey || event.altKey || !document.querySelector(".rail")) return;
    const place = Object.entries(places).find(([, each]) => each.letter === event.key);
    if (Date.now() - going < 1200 && place) location.hash = `#/${place[0]}`;
    else if (event.key === "/") document.querySelector("[data-search]")?.focus();
    else if (event.key === "t") turn();
    else if (event.key === "?") help(places);
    else if (event.key !== "g") return;
    going = event.key === "g" ? Date.now() : 0;
    event.preventDefault();
  });
}
