"""Which route a model name means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playbook import provider, route, stage

from config.schema import Config, Retry, Route
from routing.match import Routes, stood_for

ROUTES = {
    "gpt-4o": "openai/gpt-4o",
    "claude-fixed": "anthropic/claude-4",
    "claude-*": "anthropic/claude-*",
    "claude-opus-*": "anthropic/opus-*",
    "*-latest": "openai/*",
    "two words": "openai/gpt-4o",
}


def routes(**written: str) -> Routes:
    named = {name: route(target, name=name) for name, target in (written or ROUTES).items()}
    return Routes(
        Config(
            routes=named,
            providers={name: provider(name) for name in ("openai", "anthropic")},
            defaults=Route(name="", stages=(), retry=Retry(attempts=2)),
        )
    )


def summary(found: Route | None) -> tuple[str, list[str]] | None:
    return found and (found.name, [it.id for stage in found.stages for it in stage.targets])


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("gpt-4o", ("gpt-4o", ["openai/gpt-4o"])),
        ("claude-fixed", ("claude-fixed", ["anthropic/claude-4"])),
        ("claude-sonnet-4", ("claude-*", ["anthropic/claude-sonnet-4"])),
        ("claude-opus-5", ("claude-opus-*", ["anthropic/opus-5"])),
        ("claude-latest", ("claude-*", ["anthropic/claude-latest"])),
        ("x-latest", ("*-latest", ["openai/x"])),
        ("openai/o9", ("openai/*", ["openai/o9"])),
        ("openai/org/model:free", ("openai/*", ["openai/org/model:free"])),
        ("openai/x-latest", ("*-latest", ["openai/openai/x"])),
        ("claude-", None),
        ("-latest", None),
        ("openai/", None),
        ("openai", None),
        ("nowhere/gpt-4o", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_names_are_found(model, found):
    assert summary(routes().find(model)) == found


@pytest.mark.parametrize(
    "model",
    [
        "two words",
        "claude-a b",
        "claude-\n",
        "claude-\x00",
        "claude-\x7f",
        "claude-\ud800",
        "claude-*",
        "claude-" + "x" * 250,
    ],
)
def test_odd_names_never_match(model):
    assert routes().find(model) is None


def test_the_beginning_and_the_end_of_a_wildcard_do_not_overlap():
    it = routes(**{"ab*ba": "openai/*"})

    assert (it.find("aba"), it.find("abba"), summary(it.find("ab-ba"))) == (None, None, ("ab*ba", ["openai/-"]))


def test_a_wildcard_keeps_stages_and_policies():
    chain = route(stage("openai/a-*", "openai/b", strategy="weighted"), "anthropic/*", name="m-*", fallback=False)
    it = Routes(Config(routes={"m-*": chain}))

    found = it.find("m-1")

    assert summary(found) == ("m-*", ["openai/a-1", "openai/b", "anthropic/1"])
    assert (found.stages[0].strategy, found.fallback) == ("weighted", False)


def test_a_target_addressed_directly_has_the_default_policies():
    assert routes().find("openai/o9").retry.attempts == 2


def test_a_resolved_route_is_remembered():
    it = routes()

    assert it.find("claude-sonnet-4") is it.find("claude-sonnet-4")


def test_what_is_remembered_is_bounded():
    it = routes()

    for number in range(1500):
        it.find(f"claude-{number}")

    assert len(it._remembered) == 1000


def test_names_are_those_to_ask_for_then_the_wildcards():
    assert routes().names() == ("gpt-4o", "claude-fixed", "claude-opus-*", "claude-*", "*-latest")


@pytest.mark.parametrize(
    ("pattern", "model", "rest"),
    [
        ("claude-*", "claude-4", "4"),
        ("claude-*", "claude-", ""),
        ("claude-*", "claude", ""),
        ("claude-*", "c", ""),
        ("claude-*", "gpt-4", ""),
        ("*", "org/model:free", "org/model:free"),
        ("*-latest", "x-latest", "x"),
        ("a*a", "a", ""),
        ("a*a", "aba", "b"),
        ("*/*", "one/one", "one"),
        ("*/*", "one/two", ""),
        ("*/*", "one/ones", ""),
        ("fixed", "fixed", ""),
        ("fixed", "other", ""),
    ],
)
def test_what_a_wildcard_stands_for(pattern, model, rest):
    assert rest == stood_for(pattern, model)


LISTED = {
    "openai": ["gpt-4o", "o9", "x"],
    "anthropic": ["claude-4", "claude-fixed", "claude-opus-5", "opus-5", "odd name", "x" * 250, ""],
}


@pytest.mark.parametrize(
    ("written", "offers"),
    [
        ({"a": "openai/o9"}, ["openai/gpt-4o", "openai/o9", "openai/x", *(f"anthropic/{it}" for it in (
            "claude-4", "claude-fixed", "claude-opus-5", "opus-5"))]),
        ({"claude-*": "anthropic/claude-*"}, ["claude-4", "claude-fixed", "claude-opus-5"]),
        # What another route takes first is not what the wildcard would make of it.
        ({"claude-*": "anthropic/claude-*", "claude-4": "openai/o9"}, ["claude-fixed", "claude-opus-5"]),
        ({"claude-*": "anthropic/claude-*", "claude-opus-*": "openai/*"}, [
            "claude-opus-gpt-4o", "claude-opus-o9", "claude-opus-x", "claude-4", "claude-fixed"]),
        ({"gpt-*": "openai/gpt-4o"}, []),
        ({"m-*": "elsewhere/*"}, []),
    ],
)  # fmt: skip
def test_what_is_listed_is_offered_by_every_name_that_leads_there(written, offers):
    found = routes(**written).offers(LISTED)

    wild = [name for name in found if "/" not in name]
    assert offers == (wild if any("*" in name for name in written) else list(found))


def test_an_offer_knows_the_model_behind_it():
    chain = route(stage("openai/*", "anthropic/c-*"), "anthropic/*", name="m-*")
    found = Routes(Config(routes={"m-*": chain})).offers({"openai": ["a"], "anthropic": ["a", "c-a", "c-b"]})

    wild = {name: target.id for name, target in found.items() if name.startswith("m-")}

    assert {"m-a": "openai/a", "m-b": "anthropic/c-b", "m-c-a": "anthropic/c-a", "m-c-b": "anthropic/c-b"} == wild


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        ({"*": "openai/*"}, "openai/o9"),  # means openai/openai/o9 now
        ({"*-latest": "anthropic/*", "openai/o9": "anthropic/opus-5"}, "openai/o9"),  # a route, and listed as one
    ],
)
def test_a_direct_name_that_means_something_else_is_no_offer(written, missing):
    assert missing not in routes(**written).offers(LISTED)


@pytest.mark.parametrize("written", [ROUTES, {"*": "openai/*"}, {"openai/*": "openai/*"}])
def test_every_offer_is_found_and_leads_to_its_model(written):
    it = routes(**written)

    found = it.offers(LISTED)

    assert found
    for name, target in found.items():
        assert target.id in [one.id for stage in it.find(name).stages for one in stage.targets]


def test_offering_remembers_no_routes():
    it = routes()

    it.offers({"anthropic": [f"claude-{number}" for number in range(2000)]})

    assert not it._remembered


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_answered_with_a_complete_route_or_none(model):
    found = routes(**{"*": "openai/*"}).find(model)

    assert found is None or "*" not in found.stages[0].targets[0].model
