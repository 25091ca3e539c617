"""`hedge:` of routes and defaults: what it says, what it can't say, and where it would be of no use."""

import pytest

from config.schema import Hedge

TWO = "[demo/a, demo/b]"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{}", Hedge()),
        ("true", Hedge()),
        ("on", Hedge()),
        ("false", None),
        ("off", None),
        ("", None),
        ("{after: p95, at_most: 5%}", Hedge(quantile=0.95, at_most=0.05)),
        ("{after: p5}", Hedge(quantile=0.05)),
        ("{after: p99, at_most: 0.5}", Hedge(quantile=0.99, at_most=0.5)),
        ("{after: 800ms}", Hedge(seconds=0.8)),
        ("{after: 1h, at_most: 100%}", Hedge(seconds=3600.0, at_most=1.0)),
        ("{at_most: 10%}", Hedge(at_most=0.1)),
    ],
)
def test_what_is_said_of_hedging(read, written, meant):
    config = read(f"providers: {{demo: {{}}}}\nroutes: {{a: {{chain: {TWO}, hedge: {written}}}}}")

    assert meant == config.routes["a"].hedge
    assert () == config.warnings


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{after: p100}", "after: expected p1 to p99, or a duration such as 800ms, above 0 to 1h, got 'p100'"),
        ("{after: p0}", "after: expected p1 to p99, or a duration such as 800ms, above 0 to 1h, got 'p0'"),
        ("{after: 0s}", "after: expected p1 to p99, or a duration such as 800ms, above 0 to 1h, got '0s'"),
        ("{after: 2h}", "after: expected p1 to p99, or a duration such as 800ms, above 0 to 1h, got '2h'"),
        ("{at_most: 0}", "at_most: expected a share such as 5% or 0.05, got 0"),
        ("{at_most: 120%}", "at_most: expected a share such as 5% or 0.05, got '120%'"),
        ("{before: p95}", "before: unknown key before; known are after, at_most"),
    ],
)
def test_what_hedging_cannot_be(problems, written, problem):
    text = f"providers: {{demo: {{}}}}\nroutes: {{a: {{chain: {TWO}, hedge: {written}}}}}"

    assert [f"c.yaml:2: routes.a.hedge.{problem}"] == problems(text)


def test_a_word_that_is_neither_yes_nor_no_is_refused(problems):
    text = f"providers: {{demo: {{}}}}\nroutes: {{a: {{chain: {TWO}, hedge: sometimes}}}}"

    assert ["c.yaml:2: routes.a.hedge: expected true or false, got 'sometimes'"] == problems(text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", Hedge(seconds=1.0, at_most=0.2)),
        (", hedge: true", Hedge(seconds=1.0, at_most=0.2)),
        (", hedge: false", None),
        (", hedge: {after: p50}", Hedge(quantile=0.5, at_most=0.2)),
        (", hedge: {at_most: 1%}", Hedge(seconds=1.0, at_most=0.01)),
    ],
)
def test_a_route_has_what_the_defaults_say_unless_it_says_something_else(read, written, meant):
    text = "providers: {demo: {}}\ndefaults: {hedge: {after: 1s, at_most: 20%}}\n"

    config = read(f"{text}routes: {{a: {{chain: {TWO}{written}}}}}")

    assert meant == config.routes["a"].hedge
    assert Hedge(seconds=1.0, at_most=0.2) == config.defaults.hedge


@pytest.mark.parametrize(
    "route",
    [
        "{chain: openai/a, hedge: true}",
        "{chain: [{targets: [demo/a, openai/a]}], fallback: false, hedge: true}",
        "{chain: [{targets: [demo/a, demo/b]}], fallback: false, hedge: {after: 1s}}",
    ],
)
def test_hedging_without_anywhere_to_go_is_a_warning(read, route):
    config = read(f"providers: {{demo: {{}}, openai: {{api_key: k}}}}\nroutes:\n  a: {route}\n")

    message = "can never work: there is no second target, and no second key of its provider"
    assert (f"c.yaml:3: routes.a.hedge: {message}",) == config.warnings


@pytest.mark.parametrize(
    "route",
    [
        "{chain: [demo/a, openai/a], hedge: true}",
        "{chain: pool/a, hedge: true}",
        "{chain: openai/a, hedge: false}",
        "openai/a",
    ],
)
def test_hedging_that_makes_sense_is_no_warning(read, route):
    providers = "providers: {demo: {}, openai: {api_key: k}, pool: {dialect: openai, api_key: [k, l]}}"

    config = read(f"{providers}\nroutes: {{a: {route}}}\n")

    assert () == config.warnings
