"""The clients' keys."""

import hashlib
from datetime import UTC, datetime

import pytest

from config.keys import read_key
from config.problems import Notes
from config.schema import Allowance, Budget, Key, Limits
from config.section import Entry, Section
from config.yaml_lines import parse

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


def test_the_last_day_that_there_is_is_a_day(read):
    last = datetime(9999, 12, 31, tzinfo=UTC).timestamp()

    assert last + 86400 == key(read, "{key: sk-alice, expires: 9999-12-31}").expires


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
        ("{key: k, models: []}", "alice.models: names no model; leave it out to allow every model"),
        ("{key: k, models: 'a*b*'}", "alice.models: a name may hold one * at most"),
        ("{key: k, model: a}", "alice.model: unknown key model; did you mean models?"),
        ("{key: k}, '': {key: j}", ": a key's name is 1 to 64 characters"),
        ("{key: k}, bob: {key: k}", "bob: is the same key as that of alice"),
    ],
)
def test_what_a_key_cannot_be(problems, written, problem):
    assert [f"c.yaml:1: keys.{problem}"] == problems(f"keys: {{alice: {written}}}")


MONEY = """
providers: {demo: {}}
routes: {smart: demo/a, cheap: demo/b, cheaper: demo/c, 'gpt-*': 'demo/*'}
teams: {research: {}, sales: {}}
tags: {prod: {}, test: {}}
keys: {alice: WRITTEN}
"""


def rich(read, written):
    config = read(MONEY.replace("WRITTEN", written))
    assert () == config.warnings
    return config.keys["alice"]


def test_a_key_that_says_nothing_has_no_limits(read):
    alice = rich(read, "{key: sk-alice}")

    assert Key(name="alice", digest=DIGEST) == alice


def test_everything_about_a_key_can_be_said(read):
    alice = rich(
        read,
        "{key: sk-alice, team: research, tags: [test, prod, test], budget: 50/month, limits: {concurrent: 4}, "
        "max_cost: 1.00, holds: slices, priority: high, "
        "per_model: {'gpt-*': {budget: 5/day}, smart: {limits: {concurrent: 1}}}}",
    )

    assert alice == Key(
        name="alice",
        digest=DIGEST,
        team="research",
        tags=("prod", "test"),
        allowance=Allowance(budgets=(Budget(limit=50 * 10**9, per="month"),), limits=Limits(concurrent=4)),
        per_model=(
            ("gpt-*", Allowance(budgets=(Budget(limit=5 * 10**9, per="day"),))),
            ("smart", Allowance(limits=Limits(concurrent=1))),
        ),
        max_cost=10**9,
        holds="slices",
        priority="high",
    )


@pytest.mark.parametrize(
    ("per_model", "problems_of"),
    [
        ("{smart: {budget: {usd: 5, when_spent: cheap}}}", []),
        ("{smart: {budget: {usd: 5, when_spent: smart}}}", ["smart"]),
        ("{'c*': {budget: {usd: 5, when_spent: cheap}}}", ["c*"]),
        ("{cheap: {}, 'c*': {budget: {usd: 5, when_spent: cheap}}}", []),
        ("{'c*': {budget: {usd: 5, when_spent: smart}}, '*': {budget: {usd: 6, when_spent: cheap}}}", ["*"]),
    ],
)
def test_a_model_s_budget_leads_to_a_name_that_is_counted_elsewhere(read, problems, per_model, problems_of):
    text = MONEY.replace("WRITTEN", f"{{key: k, per_model: {per_model}}}")

    if problems_of == ["*"]:
        # What is spent for `*` leads to `cheap`, which is counted as `c*`; that leads to `smart`, which is not.
        assert 2 == len(read(text).keys["alice"].per_model)
    elif problems_of:
        (problem,) = problems(text)
        assert problem.startswith(f"c.yaml:6: keys.alice.per_model.{problems_of[0]}.budget.when_spent: ")
        assert problem.endswith("leads back to what is spent")
    else:
        assert () == read(text).warnings


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("team: reserch", "team: no team is called 'reserch'; did you mean research?"),
        ("team: x", "team: no team is called 'x'; `teams:` declares them"),
        ("team: [research]", "team: expected text on one line, got a list"),
        ("tags: [prod, tests]", "tags[1]: no tag is called 'tests'; did you mean test?"),
        ("tags: x", "tags: no tag is called 'x'; `tags:` declares them"),
        ("max_cost: free", "max_cost: expected dollars such as 2.50, with at most nine decimals, got 'free'"),
        ("holds: some", "holds: expected a way to hold (slices, whole), got 'some'"),
        ("per_model: {'g*t*': {}}", "per_model.g*t*: a name may hold one * at most"),
        (
            "per_model: {'': {}}",
            "per_model.: expected the name of a model that clients ask for; it may hold one *",
        ),
        (
            "per_model: {smart: {max_cost: 1}}",
            "per_model.smart.max_cost: unknown key max_cost; known are budget, limits",
        ),
    ],
)
def test_what_a_key_s_money_cannot_be(problems, written, problem):
    assert [f"c.yaml:6: keys.alice.{problem}"] == problems(MONEY.replace("WRITTEN", f"{{key: k, {written}}}"))


def test_a_name_for_which_nobody_can_ask_is_a_warning(read):
    config = read(MONEY.replace("WRITTEN", "{key: k, per_model: {gpt-4o: {}, 'demo/*': {}, slow: {}}}"))

    assert ["c.yaml:6: keys.alice.per_model.slow: slow is no route, and no model at a known provider"] == list(
        config.warnings
    )


def test_a_key_s_name_cannot_be_taken_for_another_key_s_model(problems):
    assert ["c.yaml:1: keys.bob/model/gpt: a key's name can't hold /model/"] == problems(
        "keys: {bob/model/gpt: {key: k}}"
    )


def section(text: str) -> tuple[Section, Notes]:
    notes = Notes("")
    return Section(Entry(parse(text, notes), "", 0), notes), notes


KNOWN = {"routes": ["cheap"], "providers": ["demo"], "teams": ["research"], "tags": ["prod"]}


def test_a_key_that_is_written_elsewhere_is_read_by_the_same_words():
    one, notes = section('{"team": "research", "tags": ["prod"], "budget": {"usd": 5, "when_spent": "cheap"}}')

    key = read_key("bob", one, notes, **KNOWN, needs_secret=False, when_down="closed")

    notes.check()
    assert key == Key(
        name="bob",
        digest=b"",
        team="research",
        tags=("prod",),
        allowance=Allowance(budgets=(Budget(limit=5 * 10**9, when_spent="cheap", when_down="closed"),)),
    )


@pytest.mark.parametrize("name", ["key", "sha256"])
def test_a_key_that_is_known_otherwise_says_no_secret(name):
    one, notes = section(f'{{"{name}": "planted"}}')

    read_key("bob", one, notes, **KNOWN, needs_secret=False)

    (problem,) = notes.errors().problems
    assert (name, True) == (problem.path, problem.message.startswith(f"unknown key {name}; "))
