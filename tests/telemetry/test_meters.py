"""What a finished call adds to which metric, and that clients can't make series."""

import secrets

import pytest

from core.usage import Usage
from telemetry.counting import LONGEST, RARE, REMEMBERED
from telemetry.exposition import exposition
from telemetry.meters import METRICS, Meters

GPT = "openai/gpt-4o"
OPUS = "anthropic/claude-opus-5"


def counted(meters: Meters) -> dict[tuple[str, ...], list[float]]:
    """Metric and labels -> values, of all that is not zero."""
    series = meters.snapshot().series
    return {
        (name, *labels): values
        for name, each in series.items()
        for labels, values in each.items()
        if any(values) and not name.startswith("process_")
    }


def test_a_good_streamed_call(meters, finished):
    meters.count(finished())

    assert {
        ("switchyard_calls_total", "smart", "chat", "200", "true"): [1],
        ("switchyard_attempts_total", GPT, "none"): [1],
        ("switchyard_tokens_total", GPT, "input"): [10],
        ("switchyard_tokens_total", GPT, "cache_read"): [20],
        ("switchyard_tokens_total", GPT, "cache_write"): [30],
        ("switchyard_tokens_total", GPT, "output"): [40],
        ("switchyard_tokens_total", GPT, "reasoning"): [5],
        ("switchyard_cost_usd_total", GPT): [1_500_000_000],
        ("switchyard_key_calls_total", "alice"): [1],
        ("switchyard_key_cost_usd_total", "alice"): [1_500_000_000],
        ("switchyard_call_seconds", "smart"): [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0.7],
        ("switchyard_first_content_seconds", GPT): [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0.3],
    } == counted(meters)


def test_calls_add_up(meters, finished):
    for _ in range(3):
        meters.count(finished())

    assert counted(meters)["switchyard_calls_total", "smart", "chat", "200", "true"] == [3]
    assert counted(meters)["switchyard_tokens_total", GPT, "output"] == [120]


def test_a_whole_answer_has_no_first_content(meters, finished):
    meters.count(finished(stream=False, first=100.0))

    assert ("switchyard_first_content_seconds", GPT) not in counted(meters)
    assert counted(meters)["switchyard_calls_total", "smart", "chat", "200", "false"] == [1]


def test_a_hedge_is_counted_by_what_became_of_it(meters, finished):
    meters.count(finished(tried=((OPUS, "cancelled", 80.0), (GPT, "", 60.0)), attempts=2, hedged="won"))

    found = counted(meters)
    assert found["switchyard_hedges_total", "smart", "won"] == [1]
    assert found["switchyard_attempts_total", OPUS, "cancelled"] == [1]


def test_retries_and_fallbacks_are_told_apart(meters, finished):
    tried = ((GPT, "overloaded", 1.0), (GPT, "timeout", 2.0), (OPUS, "", 3.0))

    meters.count(finished(target=OPUS, attempts=3, tried=tried))

    found = counted(meters)
    assert [[1], [1], [1]] == [
        found["switchyard_attempts_total", *labels]
        for labels in ((GPT, "overloaded"), (GPT, "timeout"), (OPUS, "none"))
    ]
    assert found["switchyard_retries_total", GPT] == [1]
    assert found["switchyard_fallbacks_total", "smart"] == [1]


def test_one_bad_attempt_is_neither(meters, finished):
    meters.count(finished(status=502, fault="broken", tried=((GPT, "broken", 1.0),), usage=None, cost=0, first=None))

    found = counted(meters)
    assert found["switchyard_attempts_total", GPT, "broken"] == [1]
    assert not {name for name, *_ in found} & {
        "switchyard_retries_total",
        "switchyard_fallbacks_total",
        "switchyard_refused_total",
        "switchyard_tokens_total",
        "switchyard_broken_streams_total",
    }


@pytest.mark.parametrize("status", [401, 404, 413, 429])
def test_a_refused_call_touches_no_target(meters, finished, status):
    meters.count(finished(status=status, target="", tried=(), attempts=0, usage=None, cost=0, first=None, stream=False))

    found = counted(meters)
    assert found["switchyard_refused_total", str(status)] == [1]
    assert {"switchyard_calls_total", "switchyard_call_seconds", "switchyard_key_calls_total"} == {
        name for name, *_ in found
    } - {"switchyard_refused_total"}
    assert b'target="none"' not in exposition([meters.snapshot()])


@pytest.mark.parametrize(("gone", "broken"), [(False, [1]), (True, None)])
def test_a_stream_is_broken_only_if_its_client_stayed(meters, finished, gone, broken):
    meters.count(finished(fault="broken" if not gone else "cancelled", gone=gone))

    found = counted(meters)
    assert broken == found.get(("switchyard_broken_streams_total", GPT))
    assert (None if broken else [1]) == found.get(("switchyard_client_gone_total",))


def test_estimates_are_counted(meters, finished):
    meters.count(finished(estimated=True, usage=Usage(1)))

    assert counted(meters)["switchyard_estimated_usage_total", GPT] == [1]


def test_names_that_are_not_configured_are_other_and_no_name_is_none(meters, finished):
    meters.count(
        finished(route="made-up", target="openai/made-up", tried=(("openai/made-up", "", 1.0),), key="mallory")
    )
    meters.count(finished(route="", target="nowhere/at-all", tried=(("nowhere/at-all", "", 1.0),), key=""))

    found = counted(meters)
    assert {"other", "none"} == {labels[0] for name, *labels in found if name == "switchyard_calls_total"}
    assert {"openai/other", "other"} == {labels[0] for name, *labels in found if name == "switchyard_attempts_total"}
    assert {"other", "none"} == {labels[0] for name, *labels in found if name == "switchyard_key_calls_total"}


def test_before_anything_is_known_every_name_is_other(finished):
    meters = Meters()

    meters.count(finished())

    assert counted(meters)["switchyard_calls_total", "other", "chat", "200", "true"] == [1]


def test_new_names_are_known_after_a_reload(meters, finished):
    meters.count(finished(route="new"))

    meters.know(routes={"new"}, targets={GPT}, providers={"openai"}, keys={"alice"})
    meters.count(finished(route="new"))

    assert counted(meters)["switchyard_calls_total", "new", "chat", "200", "true"] == [1]
    assert counted(meters)["switchyard_calls_total", "other", "chat", "200", "true"] == [1]


@pytest.mark.parametrize(
    "facts",
    [
        lambda name: {"route": name, "status": 404, "target": "", "tried": (), "usage": None, "cost": 0, "first": None},
        lambda name: {"route": "claude-*", "target": f"openai/{name}", "tried": ((f"openai/{name}", "", 1.0),)},
        lambda name: {
            "route": name,
            "target": f"openai/{name}",
            "tried": ((f"openai/{name}", "broken", 1.0), (f"openai/{name}", "broken", 1.0)),
            "key": name,
            "status": 502,
        },
    ],
    ids=["unknown model", "wildcard", "direct"],
)
def test_1500_made_up_names_add_at_most_50_series(meters, finished, facts):
    before = _lines(meters)

    for _ in range(1_500):
        meters.count(finished(**facts(secrets.token_hex(8))))

    assert _lines(meters) - before <= 50
    assert len(meters._counting._series) <= REMEMBERED


def test_what_is_remembered_has_an_end(meters, finished):
    for number in range(REMEMBERED + 10):
        meters.count(finished(route=f"made-up-{number}"))
    meters.count(finished(route="x" * (LONGEST + 1)))

    assert len(meters._counting._series) == 10


def test_gauges_and_watched_values(meters):
    meters.gauge("switchyard_in_flight", "smart").value += 2
    meters.gauge("switchyard_in_flight", "smart").value -= 1
    meters.gauge("switchyard_target_in_flight", "made/up").value += 4
    meters.watch("switchyard_log_dropped_total", lambda: 7)

    assert {
        ("switchyard_in_flight", "smart"): [1],
        ("switchyard_target_in_flight", "other"): [4],
        ("switchyard_log_dropped_total",): [7],
    } == counted(meters)


def test_a_gauge_that_is_forgotten_is_shown_no_longer(meters):
    for provider in ("openai", "anthropic"):
        meters.gauge("switchyard_provider_up", provider).value = 1

    meters.forget("switchyard_provider_up", "openai")
    meters.forget("switchyard_provider_up", "never seen")

    assert {("switchyard_provider_up", "anthropic"): [1]} == counted(meters)


def test_a_breaker_shows_its_state_and_counts_its_changes(meters):
    for state in ("open", "half_open"):
        meters.breaker(GPT, state)

    assert {
        ("switchyard_breaker_state", GPT): [1],
        ("switchyard_breaker_transitions_total", GPT, "open"): [1],
        ("switchyard_breaker_transitions_total", GPT, "half_open"): [1],
    } == counted(meters)


def test_only_the_active_generation_is_shown(meters):
    meters.generation("aaa")
    meters.generation("bbb")
    meters.reloaded(ok=True)
    meters.reloaded(ok=False)

    found = counted(meters)
    assert {
        ("switchyard_config_generation_info", "bbb"): [1],
        ("switchyard_config_reloads_total", "ok"): [1],
        ("switchyard_config_reloads_total", "failed"): [1],
    } == found
    assert meters.snapshot().series["switchyard_config_last_reload_ok"] == {(): [0]}


def test_a_wrong_number_of_labels_is_a_mistake(meters):
    with pytest.raises(KeyError, match="has the labels"):
        meters.counter("switchyard_refused_total")


def test_the_process_is_measured(meters):
    series = meters.snapshot().series

    assert series["process_resident_memory_bytes"][()][0] > 1_000_000
    assert series["process_open_fds"][()][0] >= 3
    assert series["process_cpu_seconds_total"][()][0] > 0
    assert series["process_start_time_seconds"][()][0] > 1.6e9


def test_names_follow_prometheus():
    assert len(METRICS) == len({metric.name for metric in METRICS})
    assert all(metric.name.endswith("_total") == (metric.type == "counter") for metric in METRICS)
    assert all(bool(metric.bounds) == (metric.type == "histogram") for metric in METRICS)
    assert all(metric.help for metric in METRICS)


def _lines(meters: Meters) -> int:
    return len([line for line in exposition([meters.snapshot()]).splitlines() if not line.startswith(b"#")])


def test_kinds_of_tokens_that_few_answers_have_are_counted_where_they_occur(finished):
    meters = Meters()
    meters.know(routes={"smart"}, targets={GPT}, providers={"openai"}, keys={"alice"})

    meters.count(finished(usage=Usage(1, output=2, audio_output=7, searches=3)))
    meters.count(finished(usage=Usage(1, output=2)))

    tokens = {labels[-1]: values for labels, values in counted(meters).items() if labels[-1] in RARE}
    assert {"audio_output": [7], "searches": [3]} == tokens
