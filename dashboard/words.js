// Figures as they are read: as many digits as mean something, and never a bare null.

const NONE = "–";
const absent = (value) => value === undefined || value === null || Number.isNaN(value);

export function dollars(value) {
  if (absent(value)) return NONE;
  const size = Math.abs(value);
  if (value === 0) return "$0";
  if (size >= 1000) return `$${value.toLocaleString("en", { maximumFractionDigits: 0 })}`;
  if (size >= 0.1) return `$${value.toFixed(2)}`;
  if (size >= 0.001) return `$${value.toFixed(4)}`;
  return size < 0.000001 ? "<$0.000001" : `$${value.toFixed(6)}`;
}

export function count(value) {
  if (absent(value)) return NONE;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 });
}

export function ms(value) {
  if (absent(value)) return NONE;
  if (value >= 10000) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

export function percent(share) {
  if (absent(share)) return NONE;
  if (share > 0 && share < 0.001) return "<0.1 %";
  return `${(share * 100).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
}

/** A moment, of unix seconds or ISO 8601. */
export function moment(value) {
  if (absent(value) || value === "") return null;
  const date = new Date(typeof value === "number" ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function clock(value) {
  const date = moment(value);
  return date === null ? NONE : date.toLocaleTimeString("en-GB");
}

export function day(value) {
  const date = moment(value);
  if (date === null) return NONE;
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year });
}

export function when(value) {
  const date = moment(value);
  if (date === null) return NONE;
  return date.toDateString() === new Date().toDateString() ? clock(value) : `${day(value)}, ${clock(value).slice(0, 5)}`;
}

function span(seconds) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * size || (seconds >= size && unit !== "d")) return `${Math.round(seconds / size)} ${unit}`;
  }
  return `${Math.max(0, Math.round(seconds))} s`;
}

/** How long until then, or since. */
export function away(value) {
  const date = moment(value);
  if (date === null) return NONE;
  const seconds = (date.getTime() - Date.now()) / 1000;
  return seconds >= 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** Of numbers in any order. */
export function quantile(values, share) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const sum = (values) => values.reduce((all, one) => all + (one ?? 0), 0);
