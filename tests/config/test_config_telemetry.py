"""What is told to the outside, as the operator writes it."""

import pytest

from config.signals import KINDS, Alerts, ErrorRate, Otel, Telemetry
from core.secret import Secret

HOOK = "expected an address such as https://example.com/hook (its value is not shown)"
FULL = (
    "{otel: {endpoint: http://127.0.0.1:4318, headers: {X-Key: 'a b', unset: ''}, service: gate, "
    "traces: false, content: true, interval: 5s, timeout: 1s}}"
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Telemetry()),
        ("{trace: true, sample: 10%, exemplars: true}", Telemetry(trace=True, sample=0.1, exemplars=True)),
        ('{otel: {endpoint: "${OTEL_ENDPOINT:-}"}}', Telemetry()),
        (
            FULL,
            Telemetry(
                otel=Otel(
                    endpoint=Secret("http://127.0.0.1:4318"),
                    headers={"x-key": Secret("a b")},
                    service="gate",
                    traces=False,
                    content=True,
                    interval=5.0,
                    timeout=1.0,
                )
            ),
        ),
    ],
)
def test_traces_and_where_they_go(read, written, expected):
    assert expected == read(f"telemetry: {written}").telemetry


@pytest.mark.parametrize(
    ("written", "tracing"),
    [
        ("", False),
        ("{trace: true}", True),
        ("{otel: {endpoint: http://a}}", True),
        ("{otel: {endpoint: http://a, traces: false}}", True),
    ],
)
def test_calls_have_a_trace_where_somebody_wants_one(read, written, tracing):
    assert tracing == read(f"telemetry: {written}").telemetry.tracing


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{format: slack, on: [store, config]}", Alerts(format="slack", on=("store", "config"))),
        ("{on: []}", Alerts(on=())),
        ("{}", Alerts(on=KINDS)),
        ("{breaker: 5m, settle: 1m}", Alerts(breaker=300.0, settle=60.0)),
        (
            "{error_rate: {above: 10%, over: 1m, minimum: 5}}",
            Alerts(error_rate=ErrorRate(above=0.1, over=60.0, minimum=5)),
        ),
    ],
)
def test_what_somebody_is_told_of(read, written, expected):
    assert expected == read(f"alerts: {written}").alerts


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("telemetry: {traces: true}", "telemetry.traces: unknown key traces; did you mean trace?"),
        ("telemetry: {sample: 2}", "telemetry.sample: expected a share such as 80% or 0.8, got 2"),
        ("telemetry: {otel: {endpoint: collector}}", f"telemetry.otel.endpoint: {HOOK}"),
        (
            "telemetry: {otel: {headers: {'a b': x}}}",
            "telemetry.otel.headers.a b: is no name of a header that can be added",
        ),
        (
            "telemetry: {otel: {headers: {Host: x}}}",
            "telemetry.otel.headers.Host: is no name of a header that can be added",
        ),
        (
            "telemetry: {otel: {headers: {a: [planted]}}}",
            "telemetry.otel.headers.a: expected text that HTTP can carry (its value is not shown)",
        ),
        (
            "telemetry: {otel: {headers: {a: 'plänted'}}}",
            "telemetry.otel.headers.a: expected text that HTTP can carry (its value is not shown)",
        ),
        ("alerts: {format: teams}", "alerts.format: expected a format (json, slack), got 'teams'"),
        (
            "alerts: {on: [stor]}",
            f"alerts.on[0]: expected a kind of alert ({', '.join(sorted(KINDS))}), got 'stor'; did you mean store?",
        ),
    ],
)
def test_what_cannot_be_said_of_signals(problems, written, problem):
    assert [f"c.yaml:1: {problem}"] == problems(written)


def test_a_share_of_traces_that_nobody_takes_is_doubted(read):
    expected = "c.yaml:2: telemetry.sample: has no effect: no call has a trace (`trace: true`, or `otel.endpoint`)"

    assert [expected] == list(read("providers: {demo: {}}\ntelemetry: {sample: 10%}").warnings)
