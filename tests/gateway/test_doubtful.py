"""`check` says what can't come about as it is written."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.load import load
from gateway.doubtful import doubtful, expired
from gateway.generation import DIALECTS
from routing.strategies import STRATEGIES

SHIPPED = Path(__file__).parents[2] / "config.yaml"
KEYS = ("OPENAI", "ANTHROPIC", "GOOGLE_AI", "MISTRAL", "DEEPSEEK", "TOGETHER", "OPENROUTER", "COHERE", "GROQ", "XAI")
START = """
providers: {openai: {api_key: k}, lab: {dialect: vllm, base_url: "http://h/v1"}, mistral: {}, demo: {}}
models: {lab/small: {context: 4000}, lab/big: {context: 9000}}
"""


def doubts(text: str, env: dict[str, str] | None = None) -> tuple[str, ...]:
    return doubtful(load(text, env or {}, file="c.yaml", dialects=DIALECTS, strategies=STRATEGIES))


@pytest.mark.parametrize(
    ("route", "doubt"),
    [
        (
            "{chain: [lab/a, lab/b], timeouts: {total: 30s, attempt: 5s}}",
            "timeouts.first_content (30 s) is no shorter than timeouts.total (30 s)",
        ),
        (
            "{chain: [lab/a, lab/b], timeouts: {attempt: 20m}}",
            "timeouts.attempt (1200 s) is no shorter than timeouts.total (600 s)",
        ),
        (
            "{chain: lab/a, retry: {attempts: 4, backoff: 4m, max_backoff: 4m}}",
            "the waits of retry (720 s together) are no shorter than timeouts.total (600 s)",
        ),
        ("openai/gpt-4-0613", "openai/gpt-4-0613 was switched off on 2026-10-23"),
        ("openai/gpt-99", "openai/gpt-99 is in no list of that provider's models"),
        ("[openai/gpt-6-luna, openai/text-embedding-3-small]", "openai/text-embedding-3-small isn't made for chat"),
        (
            "[lab/big, {on: [context_length], target: lab/small}]",
            "stage 2 waits for context_length, and its context is no bigger than those before",
        ),
    ],
)
def test_what_cannot_come_about_is_said(route, doubt):
    (found,) = doubts(f"{START}routes: {{r: {route}}}")

    assert found.startswith(f"routes.r: {doubt}")


@pytest.mark.parametrize(
    "route",
    [
        "{chain: lab/a, timeouts: {total: 30s}}",
        "{chain: [lab/a, lab/b], fallback: '${NOTHING:-false}', timeouts: {total: 30s, attempt: 30s}}",
        "[openai/gpt-6-luna, 'openai/ft:gpt-4o:mine']",
        "mistral/mistral-large-2402",
        "[lab/small, {on: [context_length], target: lab/big}]",
        "[lab/small, {on: [context_length], target: lab/unknown}]",
        "[lab/big, {on: [timeout], target: lab/small}]",
        "[openai/text-embedding-3-small, openai/text-embedding-3-large]",
        "demo/anything",
    ],
)
def test_what_may_come_about_is_not(route):
    assert () == doubts(f"{START}routes: {{r: {route}}}")


def test_a_model_that_the_operator_vouches_for_is_not_doubted():
    text = START.replace("models: {", "models: {openai/gpt-4: {context: 8192}, openai/new: {context: 1}, ")

    assert () == doubts(f"{text}routes: {{a: openai/gpt-4, b: openai/new, 'gpt-*': 'openai/gpt-*'}}")


def test_the_shipped_configuration_leaves_no_doubt_with_all_keys():
    assert () == doubts(SHIPPED.read_text(), {f"{name}_API_KEY": "k" for name in KEYS})


def test_a_target_of_several_routes_is_doubted_once():
    assert 1 == len(doubts(f"{START}routes: {{a: openai/gpt-4, b: [openai/gpt-4, lab/x]}}"))


REACHED = "routes: {r: demo/echo}\nproviders: {demo: {}}\n"
ALICE = "keys: {alice: {key: the-key-of-alice-0123456789}}\n"


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("server: {host: 0.0.0.0}\n" + ALICE, True),
        ('server: {host: "::"}\n' + ALICE, True),
        ("server: {host: gateway.example.com}\n" + ALICE, True),
        ('server: {host: 0.0.0.0, metrics_key: "${NOTHING:-}"}\n' + ALICE, True),
        ("server: {host: 0.0.0.0, metrics_key: of-the-metrics-0123456789}\n" + ALICE, False),
        ("server: {host: 0.0.0.0, open: true}\n", False),
        ("server: {host: 127.0.0.1}\n" + ALICE, False),
        (ALICE, False),
    ],
)
def test_metrics_that_are_open_where_calls_are_not_are_warned_of(text, warned):
    found = doubts(text + REACHED)

    assert warned == bool(found)
    assert all(each.startswith("server.metrics_key: ") and "/metrics" in each for each in found)


def test_keys_that_are_over_are_named_unless_somebody_disabled_them():
    text = """
keys:
  always: {key: a}
  later: {key: b, expires: 2027-06-30}
  over: {key: c, expires: 2027-06-29}
  off: {key: d, expires: 2020-01-01, disabled: true}
"""
    config = load(text, {}, file="c.yaml", dialects=DIALECTS, strategies=STRATEGIES)
    now = datetime(2027, 6, 30, 12, tzinfo=UTC).timestamp()

    assert ("keys.over.expires: is over, so that nobody can use this key",) == expired(config, now)
