// Draws openapi.json: a list of operations, and each with what it is asked and what it answers.
// Everything comes in as text, never as HTML, whatever it says.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 7;
const at = (id) => document.getElementById(id);

function make(tag, fields, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(fields || {})) {
    if (name === "class") made.className = value;
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((each) => each != null && each !== ""));
  return made;
}

// What stands between backticks is code.
function prose(text) {
  return text.split("`").map((part, place) => (place % 2 ? make("code", {}, part) : part));
}

// Schemas

class Schemas {
  constructor(named) {
    this.named = named;
  }

  // The schema itself, and the name that it goes by, if any.
  found(schema) {
    const name = schema.$ref ? schema.$ref.split("/").pop() : "";
    return { name, schema: name ? { ...this.named[name], ...schema } : schema };
  }

  // In one line: "array of text or null".
  kind(given) {
    const { name, schema } = this.found(given);
    if ("const" in schema) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
    if (schema.anyOf) return name || [...new Set(schema.anyOf.map((each) => this.kind(each)))].join(" | ");
    const kinds = [schema.type || "anything"].flat();
    return kinds.map((kind) => this.one(kind, name, schema)).join(" | ");
  }

  one(kind, name, schema) {
    if (kind === "array") return `[${this.kind(schema.items || {})}]`;
    if (kind === "object" && name) return name;
    if (kind === "object" && typeof schema.additionalProperties === "object") {
      return `{name: ${this.kind(schema.additionalProperties)}}`;
    }
    if (kind === "null") return kind;
    return [kind, schema.format && `(${schema.format})`, limits(schema)].filter(Boolean).join(" ");
  }

  // The objects that a schema leads to at once, each with its fields.
  inside(given) {
    const { name, schema } = this.found(given);
    if (schema.properties) return [{ name, schema }];
    const next = [schema.items, schema.additionalProperties, ...(schema.anyOf || [])];
    return next.filter((each) => each && typeof each === "object").flatMap((each) => this.inside(each));
  }

  fields(given, depth = 0) {
    const objects = this.inside(given);
    if (!objects.length || depth > DEEPEST) return null;
    if (objects.length === 1) return this.list(objects[0].schema, depth);
    return objects.map(({ name, schema }, place) =>
      unfolding([make("span", { class: "kind" }, name || `${place + 1}.`)], () => this.list(schema, depth)));
  }

  list(schema, depth) {
    const rows = Object.entries(schema.properties).map((one) => this.field(one, schema, depth));
    return make("ul", { class: "fields" }, rows);
  }

  field([name, schema], whole, depth) {
    const must = (whole.required || []).includes(name);
    const said = this.found(schema).schema.description;
    const line = [
      make("code", {}, name), " ", make("span", { class: "kind" }, this.kind(schema)), " ",
      must ? make("span", { class: "must" }, "always") : "",
      said ? make("span", { class: "soft" }, "  ", prose(said)) : "",
    ];
    if (!this.inside(schema).length || depth >= DEEPEST) return make("li", {}, line);
    return make("li", {}, unfolding(line, () => this.fields(schema, depth + 1)));
  }
}

// What is inside is drawn when it is opened: schemas may lead back to themselves.
function unfolding(line, inside) {
  const more = make("details", {}, make("summary", {}, line));
  more.addEventListener("toggle", () => more.append(...[inside()].flat(Infinity)), { once: true });
  return more;
}

function limits(schema) {
  const least = schema.minimum ?? schema.minLength ?? schema.minItems;
  const most = schema.maximum ?? schema.maxLength ?? schema.maxItems;
  if (most != null) return `${least ?? 0} to ${most}`;
  return least ? `from ${least}` : "";
}

// Operations

function who(operation) {
  const schemes = operation.security.flatMap((each) => Object.keys(each));
  if (!schemes.length) return "open to anybody";
  return schemes.includes("key") ? "for a key, or the operator" : "for the operator";
}

function bodies(schemas, content) {
  return Object.entries(content || {}).map(([kind, { schema, example }]) => [
    make("p", {}, make("code", {}, kind), " ", make("span", { class: "kind" }, schemas.kind(schema))),
    example ? make("pre", {}, JSON.stringify(example, null, 2)) : "",
    schemas.fields(schema),
  ]);
}

function parameters(schemas, given) {
  if (!given || !given.length) return [];
  const rows = given.map((each) => make("li", {},
    make("code", {}, each.name), " ", make("span", { class: "kind" }, `${each.in}, ${schemas.kind(each.schema)}`), " ",
    each.required ? make("span", { class: "must" }, "always") : "",
    make("span", { class: "soft" }, "  ", prose(each.description))));
  return [make("h4", {}, "Parameters"), make("ul", { class: "fields" }, rows)];
}

function answer(schemas, [status, told]) {
  const line = make("summary", {}, make("code", {}, status), make("span", { class: "soft" }, prose(told.description)));
  return make("details", { class: "answer", open: status === "200" }, line, bodies(schemas, told.content));
}

function drawn(schemas, each) {
  const { method, path, operation } = each;
  const body = operation.requestBody;
  return make("article", { id: operation.operationId, "data-words": words(each) },
    make("h3", {}, badge(method), link(operation, path), operation.summary),
    make("p", { class: "soft" }, who(operation), each.also ? "; with and without /v1 in front" : ""),
    operation.description ? make("p", {}, prose(operation.description)) : "",
    parameters(schemas, operation.parameters),
    body ? [make("h4", {}, "Body"), bodies(schemas, body.content)] : [],
    make("h4", {}, "Answers"), Object.entries(operation.responses).map((one) => answer(schemas, one)));
}

const link = (operation, path) => make("a", { class: "path", href: `#${operation.operationId}` }, path);
const badge = (method) => make("span", { class: `method ${method}` }, method.toUpperCase());
const words = ({ method, path, operation }) => `${method} ${path} ${operation.summary}`.toLowerCase();

function operations(told) {
  return Object.entries(told.paths).flatMap(([path, place]) =>
    METHODS.filter((method) => place[method]).map((method) => {
      const [server, also] = place.servers || told.servers;
      return { method, path: server.url.replace(/\/$/, "") + path, operation: place[method], also };
    }));
}

function draw(told) {
  const schemas = new Schemas(told.components.schemas);
  const all = operations(told);
  at("main").append(make("p", { class: "lead" }, prose(told.info.description)));
  for (const { name, description } of told.tags) {
    const mine = all.filter((each) => each.operation.tags.includes(name));
    if (!mine.length) continue;
    at("list").append(make("h2", {}, name), ...mine.map((each) =>
      make("a", { href: `#${each.operation.operationId}`, "data-words": words(each), title: each.operation.summary },
        badge(each.method), make("span", { class: "path" }, each.path))));
    const lead = make("p", { class: "soft" }, prose(description));
    at("main").append(make("section", {}, make("h2", {}, name), lead, mine.map((each) => drawn(schemas, each))));
  }
  for (const id of ["whole", "find", "raw"]) at(id).hidden = false;
  at("door").hidden = true;
  if (location.hash) location.replace(location.hash);
}

function narrow() {
  const wanted = at("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const each of document.querySelectorAll("[data-words]")) {
    each.hidden = !wanted.every((word) => each.dataset.words.includes(word));
  }
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = !section.querySelector("article:not([hidden])");
  }
}

// The way in: without a key where there are none, else with one, which is kept nowhere.

async function open(key) {
  const answer = await fetch("openapi.json", { headers: key ? { authorization: `Bearer ${key}` } : {} });
  if (answer.ok) {
    const text = await answer.text();
    at("raw").href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    draw(JSON.parse(text));
    return;
  }
  at("door").hidden = false;
  if (key) at("wrong").textContent = (await answer.json()).error.message;
  at("key").focus();
}

at("door").addEventListener("submit", (event) => {
  event.preventDefault();
  open(at("key").value.trim()).catch(failed);
});
at("find").addEventListener("input", narrow);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement.tagName !== "INPUT") {
    event.preventDefault();
    at("find").focus();
  }
});

function failed() {
  at("door").hidden = false;
  at("wrong").textContent = "The gateway can't be reached.";
}

open("").catch(failed);
