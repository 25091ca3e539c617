// The official Node client against a gateway whose address is in BASE_URL, with the key in KEY.
// The gateway has the models demo (which answers by itself), fails (503), breaks (a stream that is cut), slow (one word, then nothing).

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI, { APIError, APIUserAbortError, AuthenticationError, BadRequestError, InternalServerError, NotFoundError } from "openai";

const { BASE_URL, KEY } = process.env;
const client = new OpenAI({ baseURL: BASE_URL, apiKey: KEY, maxRetries: 2, timeout: 20_000 });
const messages = [{ role: "user", content: "Where is Oz?" }];
const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "What the weather is like",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

test("a question is answered", async () => {
  const completion = await client.chat.completions.create({ model: "demo", messages });

  const [choice] = completion.choices;
  assert.equal(choice.message.role, "assistant");
  assert.match(choice.message.content, /Where is Oz\?/);
  assert.equal(choice.finish_reason, "stop");
  assert.ok(completion.usage.total_tokens > 0);
  assert.match(completion._request_id, /^req-/);
});

test("words come one by one, and usage last for who asked", async () => {
  const chunks = [];
  const stream = await client.chat.completions.create({
    model: "demo", messages, stream: true, stream_options: { include_usage: true },
  });
  for await (const chunk of stream) chunks.push(chunk);

  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.ok(last.usage.completion_tokens > 0);
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage));
  assert.match(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""), /Where is Oz\?/);
  assert.deepEqual(chunks.map((chunk) => chunk.choices[0].delta.role).filter(Boolean), ["assistant"]);
});

test("usage is not shown to who did not ask", async () => {
  const stream = await client.chat.completions.create({ model: "demo", messages, stream: true });
  for await (const chunk of stream) {
    assert.equal(chunk.choices.length, 1);
    assert.ok(!chunk.usage);
  }
});

test("the stream helper ends with the whole answer", async () => {
  let said = "";
  const runner = client.chat.completions.stream({ model: "demo", messages, stream_options: { include_usage: true } });
  runner.on("content", (delta) => { said += delta; });
  const whole = await runner.finalChatCompletion();

  assert.equal(whole.choices[0].message.content, said);
  assert.equal(whole.choices[0].message.role, "assistant");
  assert.ok((await runner.totalUsage()).total_tokens > 0);
});

test("a tool is called and its result is answered", async () => {
  const first = await client.chat.completions.create({ model: "demo", messages, tools: [weather] });
  const { message } = first.choices[0];
  const [call] = message.tool_calls;
  const result = { role: "tool", tool_call_id: call.id, content: "It pours." };
  const second = await client.chat.completions.create({
    model: "demo", messages: [...messages, message, result], tools: [weather],
  });

  assert.equal(first.choices[0].finish_reason, "tool_calls");
  assert.equal(call.function.name, "weather");
  assert.deepEqual(Object.keys(JSON.parse(call.function.arguments)), ["city"]);
  assert.match(second.choices[0].message.content, /It pours\./);
});

test("a call of a tool is streamed", async () => {
  const runner = client.chat.completions.stream({ model: "demo", messages, tools: [weather] });
  const whole = await runner.finalChatCompletion();

  const [call] = whole.choices[0].message.tool_calls;
  assert.deepEqual([call.type, call.function.name], ["function", "weather"]);
  assert.deepEqual(Object.keys(JSON.parse(call.function.arguments)), ["city"]);
});

test("the tool runner goes on to the answer", async () => {
  const asked = [];
  const lookOutside = {
    type: "function",
    function: { ...weather.function, parse: JSON.parse, function: (given) => { asked.push(given); return "It pours."; } },
  };
  const runner = client.chat.completions.runTools({ model: "demo", messages, tools: [lookOutside], stream: true });

  assert.match(await runner.finalContent(), /It pours\./);
  assert.equal(asked.length, 1);
});

test("vectors are the same packed and as numbers", async () => {
  const packed = await client.embeddings.create({ model: "demo", input: ["a", "b"], dimensions: 8 });
  const numbers = await client.embeddings.create({ model: "demo", input: ["a", "b"], dimensions: 8, encoding_format: "float" });

  assert.deepEqual(packed.data.map((item) => item.index), [0, 1]);
  for (const item of packed.data) {
    assert.equal(item.embedding.length, 8);
    item.embedding.forEach((number, at) => assert.ok(Math.abs(number - numbers.data[item.index].embedding[at]) < 1e-6));
  }
});

test("old completions are answered and streamed", async () => {
  const whole = await client.completions.create({ model: "demo", prompt: "Where is Oz?" });
  let said = "";
  for await (const chunk of await client.completions.create({ model: "demo", prompt: "Where is Oz?", stream: true })) {
    said += chunk.choices[0].text;
  }

  assert.match(whole.choices[0].text, /Where is Oz\?/);
  assert.equal(said, whole.choices[0].text);
});

test("models are listed and looked up", async () => {
  const listed = [];
  for await (const model of client.models.list()) listed.push(model.id);

  assert.ok(listed.includes("demo"));
  assert.equal((await client.models.retrieve("demo")).id, "demo");
});

test("errors have their class, code, parameter and id", async () => {
  const fields = { model: "demo", messages };
  await assert.rejects(client.chat.completions.create({ ...fields, temperature: "warm" }), (error) =>
    error instanceof BadRequestError && error.param === "temperature" && error.requestID.startsWith("req-"));
  await assert.rejects(client.chat.completions.create({ ...fields, model: "nothing" }), (error) =>
    error instanceof NotFoundError && error.code === "model_not_found");
  await assert.rejects(new OpenAI({ baseURL: BASE_URL, apiKey: "wrong" }).models.list(), (error) =>
    error instanceof AuthenticationError && error.code === "invalid_api_key");
});

test("a failure is not multiplied", async () => {
  await assert.rejects(client.chat.completions.create({ model: "fails", messages }), (error) =>
    error instanceof InternalServerError && error.status === 503 && error.code === "server_is_overloaded");
});

test("a broken stream is an error after the words that came", async () => {
  let said = "";
  const stream = await client.chat.completions.create({ model: "breaks", messages, stream: true });
  await assert.rejects(async () => {
    for await (const chunk of stream) said += chunk.choices[0].delta.content ?? "";
  }, (error) => error instanceof APIError && error.code === "upstream_error");

  assert.equal(said, "half");
});

test("a stream is left and aborted", async () => {
  const left = await client.chat.completions.create({ model: "slow", messages, stream: true });
  for await (const chunk of left) {
    assert.equal(chunk.choices[0].delta.content, "one");
    break;
  }
  const aborted = client.chat.completions.stream({ model: "slow", messages });
  aborted.on("content", () => aborted.abort());
  await assert.rejects(aborted.finalChatCompletion(), APIUserAbortError);

  const deadline = Date.now() + 1000;
  while (await openStreams() > 0) assert.ok(Date.now() < deadline, "the gateway did not notice that nobody reads");
});

async function openStreams() {
  const page = await (await fetch(new URL("/metrics", BASE_URL))).text();
  return Number(page.match(/^switchyard_open_streams(?:\{.*?\})? (\S+)$/m)[1]);
}
