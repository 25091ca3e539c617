"""GraphQL, by its own client, over the product as it is served."""

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.process.running import until
from tests.whole.provider import ROLE, SSE, chunked, hangs, piece, streams, words
from tests.whole.test_complete import ADMIN, ALICE, POOR, calls, served

COMPLETE = """mutation ($input: CompletionInput!) { complete(input: $input) {
  done content finishReason target provider model route costUsd latencyMs
  usage { promptTokens completionTokens totalTokens }
  capabilities { contextWindow maxOutput multimodal capabilities { tools vision } prices { inputUsdPerMillion } }
} }"""
STREAM = "subscription ($input: CompletionInput!) { completionStream(input: $input) { done content target costUsd } }"
HI = {"input": {"prompt": "hi", "model": "m", "maxTokens": 50}}


@asynccontextmanager
async def asking(gateway, headers, transport=AIOHTTPTransport, scheme="http", **options):
    made = transport(url=f"{scheme}://127.0.0.1:{gateway.port}/graphql", headers=headers, **options)
    async with Client(transport=made) as session:
        yield session


async def post(gateway, query, headers=ALICE, variables=None, **lines):
    lines = {"content-type": "application/json", **headers, **lines}
    return await gateway.request("POST", "/graphql", {"query": query, "variables": variables}, **lines)


async def test_a_completion_is_asked_by_the_official_client(start, tmp_path):
    async with served(start) as gateway, asking(gateway, ALICE) as session:
        found = (await session.execute(GraphQLRequest(COMPLETE, variable_values=HI)))["complete"]
        await until(lambda: calls(tmp_path))

    assert (True, "hello", "stop", "p/real-model", "m", 0.021) == tuple(
        found[name] for name in ("done", "content", "finishReason", "target", "route", "costUsd")
    )
    assert {"promptTokens": 9, "completionTokens": 12, "totalTokens": 21} == found["usage"]
    assert {"tools": True, "vision": False} == found["capabilities"]["capabilities"]
    assert 50 == gateway.provider.requests[0].body["max_tokens"]
    (line,) = calls(tmp_path)
    assert ("alice", 200, 0.021) == (line["key"], line["status"], line["cost_usd"])
    assert line["id"].endswith("-1")


@pytest.mark.parametrize("transport", [WebsocketsTransport, AIOHTTPWebsocketsTransport])
async def test_a_stream_comes_over_a_web_socket(start, transport):
    async with (
        served(start, streams(words("hel", "lo"))) as gateway,
        asking(gateway, ALICE, transport, "ws", subprotocols=["graphql-transport-ws"]) as session,
    ):
        found = [
            each["completionStream"] async for each in session.subscribe(GraphQLRequest(STREAM, variable_values=HI))
        ]

    assert [("hel", False), ("lo", False), ("", True)] == [(each["content"], each["done"]) for each in found]
    assert "p/real-model" == found[-1]["target"]
    assert found[-1]["costUsd"] > 0


async def test_queries_and_mutations_come_over_a_web_socket_too(start):
    said = {"authorization": ALICE["authorization"]}
    async with (
        served(start) as gateway,
        asking(gateway, {}, WebsocketsTransport, "ws", init_payload=said) as session,
    ):
        found = await session.execute(GraphQLRequest(COMPLETE, variable_values=HI))
        with pytest.raises(TransportQueryError, match="Cannot query field"):
            await session.execute(GraphQLRequest("{ nothing }"))

    assert "hello" == found["complete"]["content"]


async def test_a_stream_comes_as_server_sent_events(start):
    async with served(start, streams(words("hel", "lo"))) as gateway:
        answer = await post(gateway, STREAM, variables=HI, accept="text/event-stream")

    events = [block.split("\n") for block in answer.raw.decode().strip().split("\n\n")]
    told = [orjson.loads(data.removeprefix("data: ")) for name, data in events[:-1] if name == "event: next"]
    assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
    assert ["hel", "lo", ""] == [each["data"]["completionStream"]["content"] for each in told]
    assert ["event: complete", "data:"] == events[-1]


async def test_a_stream_that_breaks_is_an_error_and_not_done(start):
    play = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "word"})))
    async with served(start, play, more="defaults: {timeouts: {idle: 200ms}}") as gateway:
        answer = await post(gateway, STREAM, variables=HI, accept="text/event-stream")

    blocks = answer.raw.decode().strip().split("\n\n")
    last = orjson.loads(blocks[-2].partition("data: ")[2])
    assert "upstream_timeout" == last["errors"][0]["extensions"]["code"]
    assert b'"done":true' not in answer.raw


async def test_usage_and_costs_are_those_of_the_pages(start):
    query = "{ usage { key requests costUsd budgets { limitUsd spentUsd per } } }"
    costs = '{ costs(period: "all") { totalCost byKey { name requests costUsd } byTag { name } } }'
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE)
        async with asyncio.timeout(15):
            while not (await gateway.get("/api/v1/usage", **ALICE)).body["requests"]:
                await asyncio.sleep(0.02)
        own = (await post(gateway, query)).body["data"]["usage"]
        all = (await post(gateway, costs, ADMIN)).body["data"]["costs"]

    assert ("alice", 1, 0.021) == (own["key"], own["requests"], own["costUsd"])
    assert {"limitUsd": 10.0, "spentUsd": 0.021, "per": "month"} == own["budgets"][0]
    assert [{"name": "alice", "requests": 1, "costUsd": 0.021}] == all["byKey"]
    assert [{"name": "nightly"}] == all["byTag"]


MODELS = """{ models(provider: "p", cheapest: true) { id provider model contextWindow maxOutput routes
  strengths useCases quality
  capabilities { tools pdf } modalities { input output } prices { inputUsdPerMillion outputUsdPerMillion }
  live { calls errors errorRate usdPerCall firstContentMs { p50 p95 } tokensPerSecond { p50 } } } }"""
TARGETS = """{ targets { id provider model configured presence inFlight limit credentials { name restingUntil }
  breaker { state opensUntil strikes } benched { until reason } live { calls errorRate } } }"""
HEALTH = """{ health { status info { redis { status details { connection latency } }
  providers { status details { name status latency } } } } }"""


async def test_models_targets_and_health_are_those_of_the_pages(start):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE)
        models = (await post(gateway, MODELS)).body["data"]["models"]
        targets = (await post(gateway, TARGETS, ADMIN)).body["data"]["targets"]
        health = (await post(gateway, HEALTH, ADMIN)).body["data"]["health"]
        page = (await gateway.get("/api/v1/monitoring/health", **ADMIN)).body

    (model,) = models
    assert ("p/real-model", 100000, 1000, ["m", "auto"]) == tuple(
        model[name] for name in ("id", "contextWindow", "maxOutput", "routes")
    )
    assert {"inputUsdPerMillion": 1000.0, "outputUsdPerMillion": 1000.0} == model["prices"]
    assert {"tools": True, "pdf": False} == model["capabilities"]
    assert ["p/real-model", "q/real-model"] == sorted(each["id"] for each in targets)
    assert {"closed"} == {each["breaker"]["state"] for each in targets}
    assert ("ok", True) == (health["status"], health["info"]["redis"]["details"]["connection"])
    details = health["info"]["providers"]["details"]
    assert {each["name"]: each["status"] for each in details} == {
        name: each["status"] for name, each in page["info"]["providers"]["details"].items()
    }


@pytest.mark.parametrize("query", [TARGETS, HEALTH, "{ costs { totalCost } }"])
async def test_a_key_sees_nothing_of_what_is_the_operators(start, query):
    async with served(start) as gateway:
        answer = await post(gateway, query)

    assert None is answer.body["data"]
    assert 401 == answer.body["errors"][0]["extensions"]["status"]


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ("{ costs { totalCost } }", ALICE, 401, "invalid_api_key"),
        ('{ usage(key: "poor") { key } }', ALICE, 403, "not_your_key"),
        ('{ usage(key: "nobody") { key } }', ADMIN, 404, "key_not_found"),
        ('mutation { complete(input: {prompt: "hi", model: "m"}) { content } }', POOR, 429, "insufficient_quota"),
        ('mutation { complete(input: {prompt: "hi", model: "x"}) { content } }', ALICE, 404, "model_not_found"),
        ("mutation { complete(input: {}) { content } }", ALICE, 400, "missing_required_parameter"),
        ('mutation { complete(input: {prompt: "hi", taskType: "gardening"}) { content } }', ALICE, 400, "unknown_task"),
        (
            'mutation { complete(input: {prompt: "hi", workspaceId: "x"}) { content } }',
            ALICE,
            400,
            "not_your_workspace",
        ),
    ],
)
async def test_a_refusal_says_what_that_of_the_page_would(start, query, headers, status, code):
    async with served(start) as gateway:
        answer = await post(gateway, query, headers)

    (error,) = answer.body["errors"]
    assert (200, None) == (answer.status, answer.body["data"])
    assert (status, code) == (error["extensions"]["status"], error["extensions"]["code"])
    assert [] == gateway.provider.requests


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nobody's"}])
async def test_nobody_asks_anything_without_a_key(start, headers):
    async with served(start) as gateway:
        answer = await post(gateway, "{ __typename }", headers)
        url = f"ws://127.0.0.1:{gateway.port}/graphql"
        async with gateway.session.ws_connect(url, protocols=["graphql-transport-ws"], headers=headers) as socket:
            await socket.send_str('{"type": "connection_init"}')
            closed = await socket.receive()

    assert 401 == answer.status
    assert (aiohttp.WSMsgType.CLOSE, 4403) == (closed.type, closed.data)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{", "Syntax Error"),
        ("{ models { nothing } }", "Cannot query field 'nothing' on type 'Model'."),
        ("{ " + "a: __typename " * 21 + "}", "The number of aliases of the operation is 21"),
        (
            "{ " + " ".join(f"m{each}: health {{ status }}" for each in range(20)) + " }",
            "The cost of the operation is 420",
        ),
        ("mutation { " + " ".join(f"c{each}: complete(input: {{}}) {{ id }}" for each in range(6)) + " }", "The cost"),
        ("{ health " * 13 + "{ a }" + "}" * 13, "The depth"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "spreads itself"),
        ("{" * 900, "Syntax Error"),
        ("{ a(b: " + "[" * 950 + "]" * 950 + ") }", "nested too deeply"),
        ("{ " + "a " * 2000 + "}", "Document contains more than 2000 tokens"),
        ("{ a } # " + "x" * 100_000, "Source contains more than 100000 code points"),
        (
            "{ ...f0 } fragment f40 on Query { __typename } "
            + " ".join(f"fragment f{each} on Query {{ ...f{each + 1} ...f{each + 1} }}" for each in range(40)),
            "The cost of the operation is 1000000000",
        ),
        ("{ __schema { types { name } } }", "introspection has been disabled"),
        ("query a { __typename } query b { __typename }", "Must provide operation name"),
        ("subscription { completionStream(input: {}) { done } }", "A subscription is answered as"),
    ],
)
async def test_what_cannot_be_meant_or_is_too_much_is_refused(start, query, expected):
    async with served(start) as gateway:
        answer = await post(gateway, query)

    body = answer.body
    message = body["errors"][0]["message"] if "errors" in body else body["error"]["message"]
    assert expected in message
    assert "Did you mean" not in message
    assert b"Traceback" not in answer.raw
    assert [] == gateway.provider.requests


@pytest.mark.parametrize(
    ("body", "lines", "status", "param"),
    [
        (b"{", {}, 400, None),
        ([], {}, 400, None),
        ({}, {}, 400, "query"),
        ({"query": "{ a }", "variables": []}, {}, 400, "variables"),
        ({"query": "{ a }", "operationName": 1}, {}, 400, "operationName"),
        ({"query": "{ a }"}, {"content-type": "text/plain"}, 415, None),
        ({"query": "{ a }"}, {"accept": "application/graphql-response+json"}, 400, None),
    ],
)
async def test_a_request_that_is_no_operation_is_refused(start, body, lines, status, param):
    async with served(start) as gateway:
        answer = await gateway.request(
            "POST", "/graphql", body, **{"content-type": "application/json", **ALICE, **lines}
        )

    assert status == answer.status
    assert param == answer.body.get("error", {}).get("param")


async def test_only_the_operator_sees_the_schema_and_the_page(start):
    async with served(start) as gateway:
        answer = await post(gateway, "{ __schema { queryType { name } } }", ADMIN)
        page = await gateway.get("/graphql", **ADMIN)
        script = await gateway.get("/graphql/page.js", **ADMIN)
        refused = await gateway.get("/graphql", **ALICE)
        missing = await gateway.get("/graphql/../secret", **ADMIN)
        other = await gateway.request("PUT", "/graphql", **ADMIN)

    assert {"name": "Query"} == answer.body["data"]["__schema"]["queryType"]
    assert (200, "text/html; charset=utf-8") == (page.status, page.headers["content-type"])
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert b"<script src=" in page.raw
    assert b"style=" not in page.raw
    assert b"://" not in page.raw + script.raw
    assert (401, 404, 405) == (refused.status, missing.status, other.status)


async def test_the_official_client_reads_the_schema_and_holds_operations_against_it(start):
    async with served(start) as gateway:
        made = AIOHTTPTransport(url=f"{gateway.url}/graphql", headers=ADMIN)
        async with Client(transport=made, fetch_schema_from_transport=True) as session:
            found = await session.execute(GraphQLRequest(COMPLETE, variable_values=HI))
            names = set(session.client.schema.type_map)

    assert {"Model", "HealthStatus", "CompletionInput", "CompletionResponse", "Subscription"} <= names
    assert "hello" == found["complete"]["content"]


async def test_the_operator_asks_for_somebody(start, tmp_path):
    body = {"query": COMPLETE, "variables": HI}
    lines = {"content-type": "application/json", **ADMIN}
    async with served(start) as gateway:
        await gateway.request("POST", "/graphql?key=alice", body, **lines)
        await gateway.request("POST", "/graphql", body, **lines)
        await until(lambda: len(calls(tmp_path)) == 2)

    assert ["alice", ""] == [each["key"] for each in calls(tmp_path)]


@pytest.mark.parametrize(("query", "accept"), [(COMPLETE, "application/json"), (STREAM, "text/event-stream")])
async def test_a_client_that_leaves_stops_its_call(start, tmp_path, query, accept):
    async with served(start, hangs()) as gateway:
        leaving = asyncio.ensure_future(post(gateway, query, variables=HI, accept=accept))
        await until(lambda: gateway.provider.requests)
        leaving.cancel()
        await asyncio.wait_for(gateway.provider.requests[0].gone.wait(), 5)
        await until(lambda: calls(tmp_path))

    assert 499 == calls(tmp_path)[0]["status"]


async def test_the_cookie_of_the_operators_page_is_worth_nothing_without_its_token(start):
    async with served(start) as gateway:
        key = {"key": "the-key-of-the-operator"}
        entered = await gateway.request("POST", "/dashboard/login", key, **{"content-type": "application/json"})
        cookie = {"cookie": entered.headers["set-cookie"].partition(";")[0]}
        refused = await post(gateway, "{ __typename }", cookie)
        taken = await post(gateway, "{ __typename }", cookie, **{"x-csrf-token": entered.body["token"]})

    assert (403, "csrf_token_invalid") == (refused.status, refused.body["error"]["code"])
    assert {"data": {"__typename": "Query"}} == taken.body


def test_nothing_of_it_is_loaded_before_somebody_asks():
    seen = "import sys, proxy, gateway.house; print(sorted({'graphql', 'redis', 'strawberry'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()
