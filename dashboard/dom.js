// Elements are built, never parsed: whatever a model or a key is called, its name can only ever be text.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, facts, kids) {
  for (const [name, value] of Object.entries(facts ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "open") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const kid of kids.flat(Infinity)) {
    if (kid !== undefined && kid !== null && kid !== false) node.append(kid);
  }
  return node;
}

/** An element: `h("a", {href: "#/live"}, "Live")`. Facts that begin with `on` are listeners. */
export const h = (tag, facts, ...kids) => fill(document.createElement(tag), facts, kids);

/** The same for pictures. */
export const s = (tag, facts, ...kids) => fill(document.createElementNS(SVG, tag), facts, kids);

/** Put *kids* in the place of all that is in *node*. Who had the focus by its `data-focus` gets it back. */
export function put(node, ...kids) {
  const held = node.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  node.replaceChildren(...kids.flat(Infinity).filter((kid) => kid !== undefined && kid !== null && kid !== false));
  if (held === undefined) return;
  for (const each of node.querySelectorAll("[data-focus]")) if (each.dataset.focus === held) each.focus();
}

/** Do *what* now and every *ms* until *signal* says stop; not while nobody looks. */
export async function every(ms, signal, what) {
  while (!signal.aborted) {
    if (!document.hidden) await what();
    await new Promise((done) => {
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
    });
  }
}
