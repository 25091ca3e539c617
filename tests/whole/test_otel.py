"""Finished calls arrive at a real OTLP receiver as spans and metrics, and nothing that happens there slows a call."""

import asyncio
import gzip
import time
from contextlib import asynccontextmanager

import orjson
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from telemetry import collector
from tests.whole.provider import Provider, hangs, ok, says, streams, words

ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACE = {"traceparent": f"00-{ID}-{PARENT}-01", "x-request-id": "call-1"}
CONFIG = """
providers:
  a: {{dialect: openai, base_url: "{one}", api_key: k}}
  b: {{dialect: mistral, base_url: "{two}", api_key: k}}
routes: {{smart: [a/one, b/two]}}
defaults: {{retry: {{attempts: 1}}}}
telemetry:
  sample: {sample}
  otel: {{endpoint: "{collector}", headers: {{authorization: "Bearer planted"}}, interval: 200ms, timeout: 1s{more}}}
"""


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(collector, "EVERY", 0.1)


@asynccontextmanager
async def served(start, *plays, takes=None, more="", sample="100%"):
    """A gateway whose providers answer by *plays*, and what its collector was sent."""
    takes = takes or says(200, {})
    async with Provider(plays[0]) as one, Provider(plays[-1]) as two, Provider(takes) as receiver:
        address = receiver.url.removesuffix("/v1")
        config = CONFIG.format(one=one.url, two=two.url, collector=address, more=more, sample=sample)
        async with start(config) as gateway:
            gateway.receiver = receiver
            yield gateway


def told(gateway, kind):
    """What came to /v1/traces or /v1/metrics."""
    of = ExportTraceServiceRequest if kind == "traces" else ExportMetricsServiceRequest
    found = [each for each in gateway.receiver.requests if each.path == f"/v1/{kind}"]
    assert all(each.headers["authorization"] == "Bearer planted" for each in found)
    return [of.FromString(gzip.decompress(each.raw)) for each in found]


async def spans(gateway, count):
    """All spans, once there are *count*."""
    async with asyncio.timeout(15):
        while True:
            found = [
                span
                for request in told(gateway, "traces")
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


def facts(attributes):
    """Attributes as a dictionary."""
    found = {}
    for one in attributes:
        kind = one.value.WhichOneof("value")
        value = getattr(one.value, kind)
        found[one.key] = [each.string_value for each in value.values] if kind == "array_value" else value
    return found


async def test_a_call_is_a_span_and_each_attempt_a_child_of_it(start):
    async with served(start, says(503, {}), ok("fine")) as gateway:
        before = time.time()
        await gateway.chat("smart", headers=TRACE)
        call, *attempts = sorted(await spans(gateway, 3), key=lambda span: (span.kind, span.start_time_unix_nano))
        after = time.time()

    assert (Span.SPAN_KIND_SERVER, "chat smart") == (call.kind, call.name)
    assert (ID, PARENT) == (call.trace_id.hex(), call.parent_span_id.hex())
    assert [(Span.SPAN_KIND_CLIENT, "chat one"), (Span.SPAN_KIND_CLIENT, "chat two")] == [
        (each.kind, each.name) for each in attempts
    ]
    assert {(call.trace_id, call.span_id)} == {(each.trace_id, each.parent_span_id) for each in attempts}
    assert [Status.STATUS_CODE_ERROR, Status.STATUS_CODE_UNSET] == [each.status.code for each in attempts]
    assert before * 1e9 - 1e7 <= call.start_time_unix_nano <= attempts[0].start_time_unix_nano + 1e7
    assert attempts[0].end_time_unix_nano <= attempts[1].start_time_unix_nano + 1e7
    assert attempts[1].end_time_unix_nano <= call.end_time_unix_nano + 1e7 <= after * 1e9 + 1e7


async def test_spans_say_what_the_conventions_want(start):
    async with served(start, says(503, {}), ok("fine")) as gateway:
        await gateway.chat("smart", headers=TRACE)
        call, *attempts = sorted(await spans(gateway, 3), key=lambda span: (span.kind, span.start_time_unix_nano))
        port = int(gateway.house._current.generation.config.providers["b"].base_url.split(":")[2].split("/")[0])

    said = facts(call.attributes)
    assert {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "mistral_ai",
        "gen_ai.request.model": "smart",
        "gen_ai.response.model": "real-model",
        "gen_ai.response.finish_reasons": ["stop"],
        "http.response.status_code": 200,
        "switchyard.call.id": "call-1",
        "switchyard.attempts": 2,
        "switchyard.target": "b/two",
    }.items() <= said.items()
    failed, good = (facts(each.attributes) for each in attempts)
    assert ("overloaded", 503, "openai") == (
        failed["error.type"],
        failed["http.response.status_code"],
        failed["gen_ai.provider.name"],
    )
    assert ("127.0.0.1", port, "two") == (good["server.address"], good["server.port"], good["gen_ai.request.model"])
    assert said["gen_ai.usage.input_tokens"] == good["gen_ai.usage.input_tokens"] > 0
    assert said["gen_ai.usage.output_tokens"] == good["gen_ai.usage.output_tokens"] > 0
    assert "error.type" not in {**said, **good}


@pytest.mark.parametrize("stream", [False, True])
async def test_what_was_said_goes_along_only_if_the_operator_asks(start, stream):
    said = "hi" if stream else "hi" * 5000  # a large body is read where it lies
    play = streams(words("fi", "ne")) if stream else ok("fine")
    async with served(start, play) as gateway, served(start, play, more=", content: true") as open_one:
        found = []
        for each in (gateway, open_one):
            await each.chat("smart", stream=stream, messages=[{"role": "user", "content": said}])
            call = min(await spans(each, 2), key=lambda span: span.kind)
            found.append(facts(call.attributes))
        raw = [gzip.decompress(each.raw) for each in gateway.receiver.requests]

    secretive, talkative = found
    assert not {"gen_ai.input.messages", "gen_ai.output.messages"} & secretive.keys()
    assert not [each for each in raw if b'"content"' in each]
    asked, answered = (orjson.loads(talkative[f"gen_ai.{way}.messages"]) for way in ("input", "output"))
    assert [{"role": "user", "parts": [{"type": "text", "content": said}]}] == asked
    assert [("assistant", "fine")] == [(each["role"], each["parts"][0]["content"]) for each in answered]


async def test_a_client_that_does_not_record_is_not_recorded(start):
    async with served(start, ok()) as gateway:
        await gateway.chat("smart", headers={"traceparent": f"00-{ID}-{PARENT}-00"})
        await gateway.chat("smart", headers=TRACE)
        found = await spans(gateway, 2)

    assert 2 == len(found)


async def test_metrics_are_those_of_the_conventions(start):
    async with served(start, says(503, {}), streams(words("a", "b"))) as gateway:
        await gateway.chat("smart", stream=True)
        async with asyncio.timeout(15):
            while not (found := told(gateway, "metrics")):
                await asyncio.sleep(0.05)
        scopes = [scope for resource in found[-1].resource_metrics for scope in resource.scope_metrics]
        service = facts(found[-1].resource_metrics[0].resource.attributes)

    points = {each.name: each.histogram.data_points for scope in scopes for each in scope.metrics}
    assert {
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
        "gen_ai.server.request.duration",
        "gen_ai.server.time_to_first_token",
    } == points.keys()
    attempts = [facts(each.attributes) for each in points["gen_ai.client.operation.duration"]]
    assert {("one", "overloaded"), ("two", None)} == {
        (each["gen_ai.request.model"], each.get("error.type")) for each in attempts
    }
    tokens = {facts(each.attributes)["gen_ai.token.type"] for each in points["gen_ai.client.token.usage"]}
    assert {"input", "output"} == tokens
    assert [1] == [each.count for each in points["gen_ai.server.time_to_first_token"]]
    assert "switchyard" == service["service.name"]


async def test_a_collector_that_is_down_costs_spans_and_no_call(start, monkeypatch):
    monkeypatch.setattr(collector, "LIMIT", 5)
    async with served(start, ok(), takes=hangs()) as gateway:
        await gateway.chat("smart")
        await asyncio.sleep(0.3)  # it is being told now, and won't be done for a while
        began = time.monotonic()
        for _ in range(10):
            assert 200 == (await gateway.chat("smart")).status
        took = time.monotonic() - began
        lost = await gateway.metric("switchyard_otel_lost_total")
        async with asyncio.timeout(15):
            while await gateway.metric("switchyard_otel_up"):
                await asyncio.sleep(0.1)

    assert took < 1
    assert lost >= 5


async def test_one_that_refuses_is_named_in_the_log_without_a_secret(start, tmp_path):
    async with served(start, ok(), takes=says(401, {})) as gateway:
        async with asyncio.timeout(30):
            for told in range(1, 4):  # each is refused by itself, before the next one is made
                await gateway.chat("smart")
                while await gateway.metric("switchyard_otel_lost_total") < told:
                    await asyncio.sleep(0.05)
    log = (tmp_path / "log").read_text()

    assert 1 == log.count("the OpenTelemetry collector can't be reached, or refuses")
    assert "planted" not in log


async def test_what_waits_at_the_end_is_told(start):
    async with served(start, ok()) as gateway:
        await gateway.chat("smart")
        receiver = gateway.receiver
        gateway.house._shared.registrar.enter()
        await gateway.house._loop.run_in_executor(None, gateway.house._shared.envoy.close)

    assert {"/v1/traces", "/v1/metrics"} == {each.path for each in receiver.requests}


async def test_a_collector_that_hangs_delays_no_end(start):
    async with served(start, ok(), takes=hangs()) as gateway:
        await gateway.chat("smart")
        began = time.monotonic()
        await gateway.house._loop.run_in_executor(None, gateway.house._shared.envoy.close)
        took = time.monotonic() - began

    assert took < 3.5
