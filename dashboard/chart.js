// Curves and bars, by uPlot, in the colours of the page.

import { h } from "./dom.js";

const DAY = 86400;
const SYSTEM = matchMedia("(prefers-color-scheme: dark)");
const probe = h("i", { class: "probe" });

/** A colour of the page as a canvas understands it. */
export function colour(name, alpha = 1) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  const found = getComputedStyle(probe).color;
  return alpha === 1 ? found : found.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
}

function axis(more) {
  const line = { stroke: () => colour("line"), width: 1 };
  return {
    stroke: () => colour("soft"), font: "11px Inter, system-ui, sans-serif", grid: line,
    ticks: { show: false }, ...more,
  };
}

/** *columns*: times and values. *series*: `{label, colour, bars, words}`. Follows the width of *place* until *signal*. */
export function chart(place, columns, series, signal, { height = 160, days = false } = {}) {
  const shapes = series.map((each) => ({
    label: each.label,
    stroke: () => colour(each.colour),
    fill: () => colour(each.colour, each.bars ? 0.75 : 0.1),
    width: each.bars ? 0 : 1.5,
    points: { show: false },
    value: (_, value) => (value === null || value === undefined ? "–" : (each.words ?? String)(value)),
    paths: each.bars ? uPlot.paths.bars({ size: [0.72, 26], radius: 0.15 }) : undefined,
  }));
  const stamp = days ? "{D} {MMM}" : "{HH}:{mm}:{ss}";
  const plot = new uPlot({
    width: Math.max(place.clientWidth, 120), height, padding: [8, 26, 0, 0],
    cursor: { y: false, points: { size: 6 } }, legend: { live: true },
    scales: { x: { range: (_, low, high) => (days ? [low - DAY / 2, high + DAY / 2] : [low, high]) }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.15 : 1] } },
    axes: [
      axis({ grid: { show: false }, size: 26, space: 64, values: days ? "{D} {MMM}" : "{HH}:{mm}:{ss}" }),
      axis({ size: 56, space: 34, values: (_, values) => values.map(series[0].words ?? String) }),
    ],
    series: [{ label: "at", value: stamp }, ...shapes],
  }, columns, place);
  const room = new ResizeObserver(() => plot.setSize({ width: Math.max(place.clientWidth, 120), height }));
  room.observe(place);
  const marks = [...plot.root.querySelectorAll(".u-series .u-marker")].slice(1); // the first is that of the time
  const repaint = () => {
    marks.forEach((mark, place) => (mark.style.borderColor = colour(series[place].colour)));
    plot.redraw(false);
  };
  document.addEventListener("themechange", repaint);
  SYSTEM.addEventListener("change", repaint);
  signal.addEventListener("abort", () => {
    room.disconnect();
    document.removeEventListener("themechange", repaint);
    SYSTEM.removeEventListener("change", repaint);
    plot.destroy();
  });
  return plot;
}
