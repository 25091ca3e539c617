// Runs operations of GraphQL and shows their answers; streams come as server-sent events. Nothing that is shown is
// ever read as HTML.
"use strict";

const byId = (id) => document.getElementById(id);
const [query, variables, answer, state, run, stop] =
  ["query", "variables", "answer", "state", "run", "stop"].map(byId);
const KEPT = "switchyard graphql query";
const FIRST = `{
  models {
    id
    contextWindow
    strengths
    prices { inputUsdPerMillion outputUsdPerMillion }
  }
}`;
const SCHEMA = `{ __schema { types { name kind description
  fields { name args { name type { ...t } } type { ...t } }
  inputFields { name type { ...t } } } } }
  fragment t on __Type { name kind ofType { name kind ofType { name kind ofType { name } } } }`;

let token = "";
let leaving = null;

async function ask(body, signal) {
  const headers = { "content-type": "application/json", accept: "text/event-stream", "x-csrf-token": token };
  return fetch("graphql", { method: "POST", headers, body: JSON.stringify(body), signal });
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (left + value).split("\n\n");
    left = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("");
      if (data) yield JSON.parse(data);
    }
  }
}

async function* answers(body, signal) {
  const response = await ask(body, signal);
  if (response.ok) yield* events(response);
  else yield await response.json();
}

async function runIt() {
  if (leaving) leaving.abort();
  const mine = (leaving = new AbortController());
  const began = performance.now();
  localStorage.setItem(KEPT, query.value);
  stop.disabled = false;
  state.textContent = "Running…";
  answer.textContent = "";
  try {
    const body = { query: query.value, variables: JSON.parse(variables.value || "{}") };
    for await (const each of answers(body, mine.signal)) {
      const more = answer.textContent !== ""; // of a stream, whose newest piece is what one looks at
      answer.textContent += (more ? "\n" : "") + JSON.stringify(each, null, 2);
      if (more) answer.scrollTop = answer.scrollHeight;
    }
    state.textContent = `${Math.round(performance.now() - began)} ms`;
  } catch (error) {
    state.textContent = mine.signal.aborted ? "Stopped" : "Failed";
    if (!mine.signal.aborted) answer.textContent += String(error.message);
  } finally {
    if (leaving === mine) stop.disabled = true;
  }
}

const typeName = (type) =>
  type.kind === "NON_NULL" ? typeName(type.ofType) + "!" : type.kind === "LIST" ? `[${typeName(type.ofType)}]` : type.name;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function shown(type) {
  const details = element("details");
  const summary = element("summary", type.name);
  details.append(summary);
  for (const field of type.fields || type.inputFields) {
    const line = element("p", field.name);
    if (field.args && field.args.length) {
      line.append(`(${field.args.map((each) => `${each.name}: ${typeName(each.type)}`).join(", ")})`);
    }
    line.append(": ", element("span", typeName(field.type), "type"));
    details.append(line);
  }
  details.open = ["Query", "Mutation", "Subscription"].includes(type.name);
  return details;
}

async function showSchema() {
  const place = byId("schema");
  for await (const { data, errors } of answers({ query: SCHEMA })) {
    if (!data) {
      place.textContent = errors ? errors[0].message : "The schema can't be shown.";
      return;
    }
    const types = data.__schema.types.filter((type) => (type.fields || type.inputFields) && !type.name.startsWith("__"));
    place.replaceChildren(...types.map(shown));
    return;
  }
}

async function begin() {
  query.value = localStorage.getItem(KEPT) || FIRST;
  run.addEventListener("click", runIt);
  stop.addEventListener("click", () => leaving && leaving.abort());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      runIt();
    }
  });
  const session = await fetch("dashboard/session");
  if (session.ok) token = (await session.json()).token;
  await showSchema();
}

begin();
