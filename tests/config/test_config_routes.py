"""Routes: short forms, routes within routes, and what is said about those that can't be."""

import pytest

from config.schema import Balance
from routing import strategies

STRATEGIES = ", ".join(sorted(strategies.STRATEGIES))


@pytest.mark.parametrize(
    ("written", "chain"),
    [
        ("openai/gpt-4o", "openai/gpt-4o"),
        ("openai/org/model", "openai/org/model"),
        ("[openai/a, demo/b]", "openai/a -> demo/b"),
        ("{chain: openai/a}", "openai/a"),
        ("{chain: [openai/a, {targets: [demo/b, demo/c]}]}", "openai/a -> demo/b + demo/c (balanced)"),
        ("{strategy: random, chain: [{targets: [demo/b, demo/c]}]}", "demo/b + demo/c (random)"),
        ("{strategy: Cost-Optimized, chain: [{targets: [demo/b, demo/c]}]}", "demo/b + demo/c (cost)"),
        ("[{targets: [demo/b, demo/c], strategy: round-robin}]", "demo/b + demo/c (round_robin)"),
        ("{strategy: random, chain: [{targets: [demo/b, demo/c], strategy: weighted}]}", "demo/b + demo/c (weighted)"),
        ("[{target: demo/b, weight: 3}]", "demo/b x3"),
        ("[{targets: {target: demo/b, weight: 0.5}}]", "demo/b x0.5"),
        ("[{targets: [demo/b, {target: demo/b, weight: 2}]}]", "demo/b x3"),
        (
            "[openai/a, {on: [timeout, content_policy], target: demo/b}]",
            "openai/a -> on content_policy, timeout: demo/b",
        ),
        ("[openai/a, base]", "openai/a -> demo/x + demo/y x2 (random) -> on overloaded: mistral/z"),
        ("base", "demo/x + demo/y x2 (random) -> on overloaded: mistral/z"),
        (
            "[openai/a, {on: timeout, target: base}]",
            "openai/a -> on timeout: demo/x + demo/y x2 (random) -> on overloaded: mistral/z",
        ),
        (
            "[{target: base, strategy: weighted}]",
            "demo/x + demo/y x2 (weighted) -> on overloaded: mistral/z",
        ),
        ("[{targets: [openai/a, {target: pair, weight: 3}]}]", "openai/a + demo/x x3 + demo/y x6 (balanced)"),
        ("[demo/x, demo/y, {target: base, on: timeout}]", "demo/x -> demo/y -> on timeout: mistral/z"),
    ],
)
def test_a_route_is_stages_of_targets(routes, written, chain):
    text = f"""
routes:
  tried: {written}
  pair: [{{targets: [demo/x, {{target: demo/y, weight: 2}}], strategy: random}}]
  base: [pair, {{on: overloaded, target: mistral/z}}]
"""

    assert chain == routes(text)["tried"]


def test_weights_are_those_of_the_route_above_those_of_the_defaults(read):
    config = read("""
providers: {demo: {}}
defaults: {weights: {cost: 1}}
routes:
  usual: [{targets: [demo/a, demo/b]}]
  own: {weights: {latency: 3}, chain: [{targets: [demo/a, demo/b]}, usual, {targets: [usual, demo/c]}]}
""")

    weights = {name: [stage.weights for stage in route.stages] for name, route in config.routes.items()}

    own = Balance(1, 0.4, 3)
    assert weights == {"usual": [Balance(1, 0.4, 0.2)], "own": [own, own]}
    assert config.defaults.weights == Balance(1, 0.4, 0.2)


def test_a_wildcard_keeps_the_rest_of_the_name(routes):
    assert {"gpt-*": "openai/gpt-* -> demo/fixed"} == routes('routes: {"gpt-*": ["openai/gpt-*", demo/fixed]}')


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[demo/a, 7]", "routes.a[1]: expected a target such as openai/gpt-4o, got 7"),
        ("7", "routes.a: expected a target such as openai/gpt-4o, got 7"),
        ("[~]", "routes.a[0]: expected a target such as openai/gpt-4o, got nothing"),
        ("[[demo/a]]", "routes.a[0]: expected a target such as openai/gpt-4o, got a list"),
        ("demo/", "routes.a: expected a target such as openai/gpt-4o, got 'demo/'"),
        ('"de\\nmo"', r"routes.a: expected a target such as openai/gpt-4o, got 'de\nmo'"),
        ("opnai/gpt-4o", "routes.a: no provider is called 'opnai'; did you mean openai?"),
        ("zzzzz/gpt-4o", "routes.a: no provider is called 'zzzzz'"),
        ("othr", "routes.a: no route is called 'othr'; did you mean other?"),
        ("gpt-4o", "routes.a: no route is called 'gpt-4o'; a target such as openai/gpt-4o names its provider"),
        ("[]", "routes.a: names no target; expected a target such as openai/gpt-4o, or `chain:` with a list of them"),
        ("", "routes.a: names no target; expected a target such as openai/gpt-4o, or `chain:` with a list of them"),
        ("{}", "routes.a: names no target; expected a target such as openai/gpt-4o, or `chain:` with a list of them"),
        (
            "{chain: []}",
            "routes.a: names no target; expected a target such as openai/gpt-4o, or `chain:` with a list of them",
        ),
        ("[{on: timeout}]", "routes.a[0]: names no target; expected `targets:` with a target such as openai/gpt-4o"),
        (
            "[{targets: [{weight: 2}]}]",
            "routes.a[0].targets[0]: names no target; expected `target:` with a target such as openai/gpt-4o",
        ),
        ("[{target: demo/a, targets: demo/b}]", "routes.a[0].target: a stage has either `target` or `targets`"),
        ("[{target: demo/a, weight: 0}]", "routes.a[0].weight: expected a number above 0, up to 1e+06, got 0"),
        (
            "[{targets: demo/a, weight: 2}]",
            "routes.a[0].weight: unknown key weight; known are on, strategy, target, targets",
        ),
        ("[{target: 7, weight: 2}]", "routes.a[0].target: expected a target such as openai/gpt-4o, got 7"),
        (
            "{chain: demo/a, strategy: wieghted}",
            f"routes.a.strategy: expected a strategy ({STRATEGIES}), got 'wieghted'; did you mean weighted?",
        ),
        (
            "{chain: demo/a, weights: {cost: 0, quality: 0, latency: 0}}",
            "routes.a.weights: counts nothing at all; at least one weight has to be above 0",
        ),
        (
            "{chain: demo/a, weights: {speed: 1}}",
            "routes.a.weights.speed: unknown key speed; known are cost, latency, quality",
        ),
        ("{chain: demo/a, timeout: {}}", "routes.a.timeout: unknown key timeout; did you mean timeouts?"),
        ("{chain: demo/a, timeouts: 5s}", "routes.a.timeouts: expected a mapping, got text"),
        (
            "{chain: demo/a, retry: {attempts: 11}}",
            "routes.a.retry.attempts: expected a whole number from 1 to 10, got 11",
        ),
        (
            "{chain: demo/a, retry: {attempts: 2, retries: 1}}",
            "routes.a.retry.retries: says what attempts says already; keep one of them",
        ),
        ("a", "routes.a: goes round in a circle: a -> a"),
        ("[demo/a, other, to-a]", "routes.a[2]: goes round in a circle: to-a -> a -> to-a"),
        ("[{targets: [demo/a, long]}]", "routes.a[0].targets[1]: long has 2 stages; it can only be a stage by itself"),
        ("[star-*]", "routes.a[0]: a route whose name holds a * can't be named by another route"),
        ("demo/a-*", "routes.a: a target may hold one *, and only where the route's name holds one"),
    ],
)
def test_what_a_route_cannot_be(route_problems, written, problem):
    text = f"""routes:
  other: demo/o
  long: [demo/p, demo/q]
  to-a: a
  "star-*": "demo/*"
  a: {written}
"""

    assert f"c.yaml:7: {problem}" in route_problems(text)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a b", "routes.a b: a route's name is 1 to 256 characters without spaces"),
        ("a*b*", "routes.a*b*: a route's name may hold one * at most"),
    ],
)
def test_a_route_that_no_client_could_ask_for_is_refused(route_problems, name, problem):
    assert [f"c.yaml:2: {problem}"] == route_problems(f'routes: {{"{name}": demo/a}}')


def test_an_unknown_fault_is_refused_with_the_one_that_was_meant(route_problems):
    found = route_problems("routes: {a: [demo/a, {on: rate_limit, target: demo/b}]}")

    assert found[0].startswith("c.yaml:2: routes.a[1].on: expected a fault (bad_credential, ")
    assert found[0].endswith("got 'rate_limit'; did you mean rate_limited?")


def test_routes_that_name_each_other_too_deeply_are_refused(route_problems):
    text = "routes:\n" + "".join(f"  r{at}: r{at + 1}\n" for at in range(100)) + "  r100: demo/a\n"

    assert route_problems(text)[0] == "c.yaml:34: routes.r31: routes name each other more than 32 deep"


def test_a_stage_of_too_many_targets_is_refused(route_problems):
    targets = ", ".join(f"demo/m{at}" for at in range(251))

    assert route_problems(f"routes: {{a: [{{targets: [{targets}]}}]}}") == [
        "c.yaml:2: routes.a[0]: names more than 250 targets"
    ]


def test_a_route_of_too_many_stages_is_refused(route_problems):
    stages = ", ".join(f"demo/m{at}" for at in range(101))

    assert route_problems(f"routes: {{a: [{stages}]}}") == [
        "c.yaml:2: routes.a: unfolds to more than 100 stages or 250 targets"
    ]


@pytest.mark.parametrize(
    ("written", "warning"),
    [
        (
            "[{on: timeout, target: demo/a}]",
            "routes.a[0]: can never be reached: `on:` waits for a fault, but this stage is first",
        ),
        (
            "[demo/a, {on: [bad_request, cancelled], target: demo/b}]",
            "routes.a[1]: can never be reached: after bad_request and cancelled nothing else is tried",
        ),
        ("[demo/a, demo/b, demo/a]", "routes.a[2]: can never be reached: all its targets stand in earlier stages"),
        (
            "[demo/a, {on: timeout, target: demo/a}]",
            "routes.a[1]: can never be reached: all its targets stand in earlier stages",
        ),
        (
            "{chain: [demo/a, demo/b], fallback: false}",
            "routes.a.fallback: is false, so that the stages after the first are never reached",
        ),
    ],
)
def test_what_can_never_be_reached_is_a_warning(read, written, warning):
    config = read(f"providers: {{demo: {{}}}}\nroutes: {{a: {written}}}")

    assert (f"c.yaml:2: {warning}",) == config.warnings


@pytest.mark.parametrize(
    "written",
    [
        "[demo/x, {on: [timeout, content_policy], target: demo/y}, {on: broken, target: demo/y}]",
        "[demo/x, {on: timeout, target: demo/y}, demo/y]",
        '["${CHOSEN:-demo/x}", demo/x]',
        '[demo/x, "${CHOSEN:-demo/x}"]',
        "[demo/x, pair]",
        '{chain: [demo/x, demo/y], fallback: "${FALLBACK:-false}"}',
        "{chain: [demo/x, demo/y], fallback: true}",
        "{chain: [demo/x], fallback: false}",
    ],
)
def test_what_makes_sense_is_no_warning(read, written):
    config = read(f"providers: {{demo: {{}}}}\nroutes: {{pair: [demo/x, demo/y], a: {written}}}")

    assert () == config.warnings


def test_a_route_keeps_the_defaults_it_does_not_change(read):
    config = read("""
providers: {demo: {}}
defaults:
  timeouts: {connect: 1s, idle: 10s}
  retry: {retries: 4, backoff: 1}
  breaker: {failures: 9}
  fallback: no
routes:
  a: demo/a
  b: {chain: demo/b, timeouts: {idle: 20s}, retry: {attempts: 1}, breaker: {ratio: 0.9}, fallback: yes}
""")

    a, b = config.routes.values()

    assert (config.defaults.timeouts, config.defaults.retry, config.defaults.breaker) == (
        a.timeouts,
        a.retry,
        a.breaker,
    )
    assert (1.0, 10.0, 5, 1.0, 9, False) == (
        a.timeouts.connect,
        a.timeouts.idle,
        a.retry.attempts,
        a.retry.backoff,
        a.breaker.failures,
        a.fallback,
    )
    assert (1.0, 20.0, 1, 1.0, 9, 0.9, True) == (
        b.timeouts.connect,
        b.timeouts.idle,
        b.retry.attempts,
        b.retry.backoff,
        b.breaker.failures,
        b.breaker.ratio,
        b.fallback,
    )


def test_what_becomes_of_a_stream_that_breaks_off_is_inherited_too(read):
    config = read("""
providers: {demo: {}}
defaults: {on_break: continue}
routes: {a: demo/a, b: {chain: demo/b, on_break: error}}
""")

    assert ["continue", "error"] == [route.on_break for route in config.routes.values()]
    assert read("routes: {}").defaults.on_break == "error"


@pytest.mark.parametrize(
    ("chosen", "first"), [("other", "demo/a"), ("OTHER", "demo/a"), ("twice", "demo/b"), ("Twice", "demo/c")]
)
def test_of_what_a_variable_chooses_capitals_do_not_count(read, chosen, first):
    text = 'providers: {demo: {}}\nroutes: {one: "${CHOSEN}", other: demo/a, twice: demo/b, Twice: demo/c}'

    route = read(text, {"CHOSEN": chosen}).routes["one"]

    assert first == route.stages[0].targets[0].id


def test_capitals_count_in_the_file_and_where_two_could_be_meant(problems):
    text = 'providers: {demo: {}}\nroutes: {one: "${CHOSEN}", two: Other, other: demo/a, twice: demo/b, Twice: demo/c}'
    hint = "a target such as openai/gpt-4o names its provider"

    assert [
        f"c.yaml:2: routes.one: no route is called the value of CHOSEN; {hint}",
        "c.yaml:2: routes.two: no route is called 'Other'; did you mean other?",
    ] == problems(text, {"CHOSEN": "TWICE"})
