// What is asked of the server: below /api/v1 by the session's cookie, with its token for all that changes something.

let token = "";

export class Refused extends Error {
  constructor(status, error) {
    super(error.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = error.code ?? "";
    this.param = error.param ?? "";
  }
}

/** Called when the session is over. */
export const lost = { session: () => {} };

async function answer(response) {
  if (response.status === 204) return {};
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = {};
  }
  if (!response.ok) {
    const problems = (body.problems ?? []).map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
    throw new Refused(response.status, body.error ?? { message: problems.join("\n") || undefined });
  }
  return body;
}

async function reach(path, wish) {
  try {
    return await fetch(path, wish);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { message: "The server can’t be reached.", code: "unreachable" });
  }
}

async function ask(method, path, body, signal) {
  const headers = method === "GET" ? {} : { "x-csrf-token": token };
  if (body !== undefined) headers["content-type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  try {
    return await answer(await reach(`../api/v1/${path}`, { method, headers, body: sent, signal }));
  } catch (error) {
    if (error.status === 401) lost.session();
    throw error;
  }
}

export const get = (path, signal) => ask("GET", path, undefined, signal);
export const post = (path, body) => ask("POST", path, body);
export const patch = (path, body) => ask("PATCH", path, body);
export const remove = (path) => ask("DELETE", path);

/** *what* in a path or a query, whatever it is called. */
export const safe = encodeURIComponent;

/** The same, or *otherwise* where the server has no such page or nothing of that name. */
export async function maybe(path, otherwise, signal) {
  try {
    return await get(path, signal);
  } catch (error) {
    if (error.status === 404) return otherwise;
    throw error;
  }
}

/** Whether there is a session already. */
export async function resume() {
  ({ token } = await answer(await reach("session")));
  return token !== null;
}

export async function login(key) {
  const headers = { "content-type": "application/json" };
  ({ token } = await answer(await reach("login", { method: "POST", headers, body: JSON.stringify({ key }) })));
}

export async function logout() {
  await reach("logout", { method: "POST", headers: { "x-csrf-token": token } });
  token = "";
}

/** A call as any client makes it, with its own key; yields what its events hold. */
export async function* stream(body, key, signal, opened) {
  const headers = { "content-type": "application/json" };
  if (key) headers.authorization = `Bearer ${key}`;
  const response = await reach("../v1/chat/completions", {
    method: "POST", headers, body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal, credentials: "omit",
  });
  opened(response.headers);
  if (!response.ok) await answer(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
  }
}
