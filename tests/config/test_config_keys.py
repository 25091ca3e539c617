"""The clients' keys."""

import hashlib
from datetime import UTC, datetime

import pytest

WHEN = "a date such as 2027-06-30 or a time such as 2027-06-30T12:00:00Z"
DIGEST = hashlib.sha256(b"sk-alice").digest()


def key(read, written, env=None):
    text = f"providers: {{demo: {{}}}}\nroutes: {{fast: demo/a, 'gpt-*': 'demo/*'}}\nkeys: {{alice: {written}}}"
    return read(text, env).keys["alice"]


@pytest.mark.parametrize("written", ["{key: sk-alice}", f"{{sha256: {DIGEST.hex()}}}", '{key: "${ALICE}"}'])
def test_a_key_is_kept_as_its_digest(read, written):
    assert DIGEST == key(read, written, {"ALICE": "sk-alice\n"}).digest


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("2027-06-30", datetime(2027, 7, 1, tzinfo=UTC)),
        ("2027-06-30T12:00:00Z", datetime(2027, 6, 30, 12, tzinfo=UTC)),
        ("'2027-06-30 12:00:00'", datetime(2027, 6, 30, 12, tzinfo=UTC)),
        ("2027-06-30T12:00:00+02:00", datetime(2027, 6, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_key_ends_with_its_day_or_at_its_time(read, written, end):
    assert end.timestamp() == key(read, f"{{key: sk-alice, expires: {written}}}").expires


def test_a_key_that_is_not_set_may_be_disabled(read):
    alice = key(read, '{key: "${ALICE:-}", disabled: true}')

    assert (b"", True) == (alice.digest, alice.disabled)


@pytest.mark.parametrize(
    ("models", "warned"),
    [
        ("fast", []),
        ("[fast, 'gpt-*', gpt-4o, demo/any, 'demo/*', 'f*', '*']", []),
        ("'dem*'", []),
        ("[slow]", ["c.yaml:3: keys.alice.models[0]: 'slow' is no route, and no model at a known provider"]),
        ("'other/*'", ["c.yaml:3: keys.alice.models: 'other/*' is no route, and no model at a known provider"]),
    ],
)
def test_models_that_do_not_exist_are_warnings(read, models, warned):
    text = "providers: {demo: {}}\nroutes: {fast: demo/a, 'gpt-*': 'demo/*'}\n"

    config = read(f"{text}keys: {{alice: {{key: k, models: {models}}}}}")

    assert warned == list(config.warnings)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{}", "alice.key: is missing"),
        ("", "alice.key: is missing"),
        ('{key: "${ALICE_KEY:-}"}', "alice.key: is empty"),
        ('{sha256: "${ALICE_KEY:-}"}', "alice.sha256: is empty"),
        ('{key: ""}', "alice.key: holds a space or a character that HTTP can't carry (its value is not shown)"),
        ("{key: k, sha256: " + "0" * 64 + "}", "alice.sha256: a key has either `key` or `sha256`"),
        ("{key: [k]}", "alice.key: expected a key, got a list"),
        ("{sha256: abc}", "alice.sha256: expected 64 hex digits, got 'abc'"),
        (
            "{key: k, expires: soon}",
            f"alice.expires: expected {WHEN}, got 'soon'",
        ),
        (
            "{key: k, expires: 9999-12-31}",
            f"alice.expires: expected {WHEN}, got '9999-12-31'",
        ),
        ("{key: k, models: []}", "alice.models: names no model; leave it out to allow every model"),
        ("{key: k, models: 'a*b*'}", "alice.models: a name may hold one * at most"),
        ("{key: k, model: a}", "alice.model: unknown key model; did you mean models?"),
        ("{key: k, budget: {usd: 5}}", "alice.budget: is not enforced by this version; remove it"),
        ("{key: k, team: research}", "alice.team: is not enforced by this version; remove it"),
        ("{key: k, limits: {requests: 1/min}}", "alice.limits: is not enforced by this version; remove it"),
        ("{key: k, max_cost: 1.00}", "alice.max_cost: is not enforced by this version; remove it"),
        ("{key: k}, '': {key: j}", ": a key's name is 1 to 64 characters"),
        ("{key: k}, bob: {key: k}", "bob: is the same key as that of alice"),
    ],
)
def test_what_a_key_cannot_be(problems, written, problem):
    assert [f"c.yaml:1: keys.{problem}"] == problems(f"keys: {{alice: {written}}}")
