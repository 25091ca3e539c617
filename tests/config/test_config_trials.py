"""Shadows and canaries as they are written."""

import pytest

from config.schema import Allowance, Budget, Canary, Guard, Stage
from core.target import Target

HEAD = """
providers:
  openai: {api_key: k}
  mistral: {api_key: k}
  groq: {api_key: "${NOT_SET:-}"}
  lab: {dialect: vllm, base_url: "http://10.0.0.7/v1"}
  demo: {}
"""
NANO = 10**9


def written(trial: str, *, name: str = "m", chain: str = "openai/gpt-4o", more: str = "") -> str:
    return f"{HEAD}routes:\n  other: [lab/a, lab/b]\n  '{name}': {{chain: '{chain}', {trial}}}\n{more}"


def shadow(text: str) -> str:
    return f"shadow: {{{text}}}"


def canary(text: str) -> str:
    return f"canary: {{{text}}}"


def test_a_shadow_is_read(read):
    config = read(written(shadow("target: mistral/large, share: 5%, budget: 10/day")))

    found = config.routes["m"].shadow
    allowance = Allowance(budgets=(Budget(limit=10 * NANO, per="day"),))
    assert (Target("mistral", "large"), 0.05) == (found.target, found.share)
    assert ("shadow/m", ("shadow",), allowance) == (found.key.scope, found.key.tags, found.key.allowance)
    assert {"shadow/m": allowance} == config.allowances
    assert () == config.warnings


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("lab/a", ""),
        ("demo/echo", ""),
        ("mistral/small", "models: {mistral/small: {price: {input: 0, output: 0}}}"),
    ],
)
def test_what_costs_nothing_needs_no_budget(read, target, more):
    config = read(written(shadow(f"target: {target}, share: 1"), more=more))

    assert {} == config.allowances
    assert target == config.routes["m"].shadow.target.id


def test_a_canary_is_read_with_its_defaults(read):
    found = read(written(canary("target: mistral/large"))).routes["m"].canary

    assert Canary(ahead=found.ahead, mark=found.mark) == found
    assert (Stage(targets=(Target("mistral", "large"),)),) == found.ahead.stages
    assert ("m", True, True, 1) == (
        found.ahead.name,
        found.ahead.fallback,
        found.ahead.spare,
        found.ahead.retry.attempts,
    )
    assert 300.0 == found.ahead.timeouts.total


def test_a_canary_is_read_with_all_it_can_say(read):
    text = (
        "target: other, stages: [10%, 0.5], every: 2h, minimum: 100, "
        "guard: {errors: 1%, first_content: 2x, cost: off, validity: no}"
    )
    found = read(written(canary(text))).routes["m"].canary

    assert ((0.1, 0.5), 7200.0, 100) == (found.stages, found.every, found.minimum)
    assert Guard(errors=0.01, first_content=2.0, cost=None, validity=None) == found.guard
    assert ["lab/a", "lab/b"] == [target.id for stage in found.ahead.stages for target in stage.targets]


def test_a_canary_copies_to_the_shadow_of_its_route(read):
    route = read(written(f"{shadow('target: lab/a, share: 1')}, {canary('target: mistral/large')}")).routes["m"]

    assert route.canary.ahead.shadow == route.shadow
    assert ["openai/gpt-4o", "mistral/large", "lab/a"] == [target.id for target in route.every_target]


@pytest.mark.parametrize(
    "change",
    [
        "target: mistral/small",
        "target: mistral/large, stages: [2%]",
        "target: mistral/large, every: 1h",
        "target: mistral/large, minimum: 31",
        "target: mistral/large, guard: {cost: 2}",
        "target: other",
    ],
)
def test_another_definition_has_another_mark(read, change):
    usual, same = (read(written(canary("target: mistral/large"))).routes["m"].canary for _ in range(2))
    other = read(written(canary(change))).routes["m"].canary

    assert usual.mark == same.mark != other.mark


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (shadow("share: 5%, budget: 1/day"), "shadow.target: is missing"),
        (shadow("target: lab/a"), "shadow.share: is missing"),
        (shadow("target: mistral/large, share: 5%"), "shadow.budget: is needed, since calls to mistral/large may cost"),
        (shadow("target: other, share: 5%, budget: 1/day"), "shadow.target: expected a single target"),
        (shadow("target: nobody/x, share: 5%, budget: 1/day"), "no provider is called 'nobody'"),
        (shadow("target: lab/x-*, share: 5%"), "a target may hold one *, and only where"),
        (shadow("target: lab/a, share: 0"), "expected a share such as 5%"),
        (shadow("target: lab/a, share: 101%"), "expected a share such as 5%"),
        (
            shadow("target: mistral/large, share: 5%, budget: {usd: 1, per: day, when_spent: other}"),
            "has no client that could be sent elsewhere",
        ),
        (shadow("target: lab/a, share: 5%, rate: 3"), "unknown key rate"),
        (canary("stages: [1%]"), "canary.target: is missing"),
        (canary("target: m"), "the route itself can't be its canary"),
        (canary("target: lab/a, stages: [5%, 1%]"), "each larger than the one before"),
        (canary("target: lab/a, stages: []"), "each larger than the one before"),
        (canary("target: lab/a, stages: [1%, 1%]"), "says the same as one before it"),
        (canary("target: lab/a, guard: {cost: 0.5x}"), "expected a factor such as 1.5x"),
        (canary("target: lab/a, guard: {cost: much}"), "expected a factor such as 1.5x"),
        (canary("target: lab/a, guard: {errors: 0}"), "expected a share such as 2%, or off"),
        (canary("target: lab/a, guard: {errors: [1%]}"), "expected a share such as 2%, or off"),
        (canary("target: lab/a, guard: {speed: 2x}"), "unknown key speed"),
        (canary("target: lab/a, guard: fast"), "expected a mapping"),
    ],
)
def test_what_is_wrong_is_said(problems, trial, expected):
    found = problems(written(trial))

    assert any(expected in each for each in found), found


def test_a_wildcard_can_be_nobodys_canary(problems):
    text = f"{HEAD}routes:\n  'w-*': 'lab/*'\n  'v-*': {{chain: 'openai/*', canary: {{target: 'w-*'}}}}\n"

    assert "a route whose name holds a * can't be its canary" in problems(text)[0]


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (shadow("target: openai/gpt-4o, share: 5%, budget: 1/day"), "is the route's first target already"),
        (canary("target: openai/gpt-4o"), "is the route's first target already"),
        (canary("target: groq/x"), "provider groq is not configured, so that it gets no calls"),
    ],
)
def test_what_can_never_help_is_warned_of(read, trial, expected):
    (warning,) = read(written(trial)).warnings

    assert expected in warning


def test_a_wildcards_shadow_and_canary_may_hold_one_too(read):
    trial = f"{shadow('target: lab/x-*, share: 1')}, {canary('target: mistral/y-*')}"
    config = read(written(trial, name="gpt-*", chain="openai/gpt-*"))
    from routing.match import Routes

    route = Routes(config).find("gpt-4o")

    assert ["openai/gpt-4o", "mistral/y-4o", "lab/x-4o"] == [target.id for target in route.every_target]
    assert config.routes["gpt-*"].canary.mark == route.canary.mark


def test_the_summary_shows_them(read):
    from config.report import summary

    trial = f"{shadow('target: lab/a, share: 5%')}, {canary('target: mistral/large')}"
    text = summary(read(written(trial)), file="c.yaml", pages={})

    assert "  m: openai/gpt-4o; shadow 0.05: lab/a; canary 0.01, 0.05, 0.25: mistral/large\n" in text
