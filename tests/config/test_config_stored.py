"""Keys that were made at run time are read as those of the file are."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from config.problems import ConfigErrors
from config.schema import Allowance, Budget, Key, Limits, Rate
from config.stored import Names, examined, stored_key
from config.yaml_lines import DEEPEST

DIGEST = sha256(b"secret").digest()
BELOW = """
providers: {openai: {api_key: k}}
routes: {m: openai/a, cheap: openai/b}
teams: {research: {}}
tags: {prod: {}, beta: {budget: 5/day}}
state: {when_down: closed}
"""
FIELDS: dict[str, Any] = {
    "team": "research",
    "tags": ["prod", "beta"],
    "models": ["m", "openai/*"],
    "budget": [{"usd": 50.1, "per": "month", "zone": "Europe/Berlin", "when_spent": "cheap"}, "5/day"],
    "limits": {"requests": ["60/min", "1k/h"], "tokens": "100k/min", "concurrent": 4},
    "per_model": {"m": {"budget": {"usd": 1e-7, "when_down": "allotment"}}},
    "max_cost": 2,
    "expires": "2027-06-30",
    "disabled": False,
    "holds": "slices",
}


@pytest.fixture
def names(read) -> Names:
    return Names.of(read(BELOW))


def test_all_fields_are_read(names):
    key = stored_key("alice", DIGEST, FIELDS, names)

    assert key == Key(
        name="alice",
        digest=DIGEST,
        models=("m", "openai/*"),
        expires=1_814_400_000.0,
        team="research",
        tags=("beta", "prod"),
        allowance=Allowance(
            budgets=(
                Budget(limit=50_100_000_000, per="month", zone="Europe/Berlin", when_spent="cheap", when_down="closed"),
                Budget(limit=5_000_000_000, per="day", when_down="closed"),
            ),
            limits=Limits(requests=(Rate(60, 60), Rate(1000, 3600)), tokens=(Rate(100_000, 60),), concurrent=4),
        ),
        per_model=(("m", Allowance(budgets=(Budget(limit=100, per="total"),))),),
        max_cost=2_000_000_000,
        holds="slices",
        stored=True,
    )


def test_the_file_reads_the_same(read, names):
    import yaml

    text = yaml.safe_dump({"keys": {"alice": {**FIELDS, "sha256": DIGEST.hex(), "per_model": {"m": {"budget": 2}}}}})
    text = text.replace("budget: 2", "budget: {usd: 2, per: day}")
    written = read(BELOW + text).keys["alice"]

    made = stored_key("alice", DIGEST, {**FIELDS, "per_model": {"m": {"budget": {"usd": 2, "per": "day"}}}}, names)

    assert replace(written, stored=True) == made


def test_a_key_needs_no_fields(names):
    assert Key(name="alice", digest=DIGEST, stored=True) == stored_key("alice", DIGEST, {}, names)


@pytest.mark.parametrize("nothing", [None, {"team": None, "models": None, "budget": None}])
def test_null_says_nothing(names, nothing):
    assert Key(name="alice", digest=DIGEST, stored=True) == stored_key("alice", DIGEST, nothing or {}, names)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"team": "gone"}, "team: no team is called 'gone'; `teams:` declares them"),
        ({"tags": ["prod", 7]}, "tags[1]: no tag is called 7; `tags:` declares them"),
        ({"disabled": "maybe"}, "disabled: expected true or false, got 'maybe'"),
        ({"disabled": {}}, "disabled: expected true or false, got a mapping"),
        (
            {"max_cost": "${MONEY}"},
            "max_cost: expected dollars such as 2.50, with at most nine decimals, got '${MONEY}'",
        ),
        ({"max_cost": 1e-10}, "max_cost: expected dollars such as 2.50, with at most nine decimals, got 0.0000000001"),
        ({"limits": []}, "limits: expected a mapping, got a list"),
        ({"limits": {"concurrent": 0}}, "limits.concurrent: expected a whole number from 1 to 1000000, got 0"),
        ({"key": "sk-mine"}, "key: unknown key key; known are"),
        ({"sha256": "00"}, "sha256: unknown key sha256; known are"),
        ({"stored": True}, "stored: unknown key stored; known are"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(names, fields, problem):
    with pytest.raises(ConfigErrors) as caught:
        stored_key("alice", DIGEST, fields, names)

    assert str(caught.value.problems[0]).startswith(f": {problem}")


def test_what_is_odd_is_told_beside_the_key(names):
    key, warnings = examined("alice", DIGEST, {"models": ["nobody/knows"]}, names)

    assert ("nobody/knows",) == key.models
    assert 1 == len(warnings)
    assert warnings[0].startswith("models")


def test_what_is_nested_without_end_is_refused(names):
    deep: Any = "m"
    for _ in range(900):
        deep = [deep]

    with pytest.raises(ConfigErrors) as caught:
        stored_key("alice", DIGEST, {"models": deep}, names)

    assert any(f"is nested more than {DEEPEST} deep" in str(problem) for problem in caught.value.problems)


def test_what_is_no_json_is_read_as_it_is_shown(names):
    assert 3_000_000_000 == stored_key("alice", DIGEST, {"max_cost": 3}, names).max_cost
