"""What somebody may use up: limits, and the levels at which they stand."""

import pytest

from config.schema import Allowance, Budget, Limits, Rate, Team

DOLLARS = 10**9
RATE = "expected a rate such as 60/min, 100k/min or 5/s, of 1 to 1,000,000,000,000, got {}".format
MONTHLY = Allowance(budgets=(Budget(limit=50 * DOLLARS, per="month"),))
BUSY = Allowance(limits=Limits(requests=(Rate(60, 60.0),), tokens=(Rate(100_000, 60.0),), concurrent=4))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{requests: 60/min, tokens: 100k/min, concurrent: 4}", BUSY.limits),
        ("{requests: [5/s, 60/min, 1M/day]}", Limits(requests=(Rate(5, 1.0), Rate(60, 60.0), Rate(10**6, 86400.0)))),
        ("{tokens: [2M/min]}", Limits(tokens=(Rate(2 * 10**6, 60.0),))),
        ('{requests: "${N:-}", tokens: ["${N:-}"], concurrent: "${N:-}"}', Limits()),
        ("{}", Limits()),
        ("", Limits()),
    ],
)
def test_limits_are_so_many_in_a_time_or_at_a_time(read, written, expected):
    assert expected == read(f"keys: {{alice: {{key: k, limits: {written}}}}}").keys["alice"].allowance.limits


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{requests: 60}", f".requests: {RATE(60)}"),
        ("{requests: 0/min}", f".requests: {RATE(repr('0/min'))}"),
        ("{tokens: 1000001M/min}", f".tokens: {RATE(repr('1000001M/min'))}"),
        ("{tokens: {per: min}}", f".tokens: {RATE('a mapping')}"),
        ("{tokens: [1/s, 2/s]}", ".tokens[1]: is a second rate for the same time; keep one of them"),
        ("{concurrent: 0}", ".concurrent: expected a whole number from 1 to 1000000, got 0"),
        ("{requests: 1/s, burst: 5}", ".burst: unknown key burst; known are concurrent, requests, tokens"),
        ("60/min", ": expected a mapping, got text"),
    ],
)
def test_what_limits_cannot_be(problems, written, problem):
    assert [f"c.yaml:1: keys.alice.limits{problem}"] == problems(f"keys: {{alice: {{key: k, limits: {written}}}}}")


@pytest.mark.parametrize(
    ("written", "scope", "expected"),
    [
        ("service: {budget: 50/month}", "service", MONTHLY),
        ("tags: {prod: {budget: 50/month}}", "tag/prod", MONTHLY),
        ("tags: {prod: {limits: LIMITS}}", "tag/prod", BUSY),
        ("providers: {demo: {budget: 50/month}}", "provider/demo", MONTHLY),
        ("providers: {demo: {limits: LIMITS}}", "provider/demo", BUSY),
        ("providers: {demo: {}}\nmodels: {demo/a/b: {budget: 50/month}}", "target/demo/a/b", MONTHLY),
        ("providers: {demo: {}}\nmodels: {demo/a/b: {limits: LIMITS, context: 5}}", "target/demo/a/b", BUSY),
    ],
)
def test_every_level_has_budgets_and_limits_of_its_own(read, written, scope, expected):
    config = read(written.replace("LIMITS", "{requests: 60/min, tokens: 100k/min, concurrent: 4}"))

    assert {scope: expected} == config.allowances


@pytest.mark.parametrize(
    "written",
    [
        "",
        "service: {}",
        'service: {budget: {usd: "${N:-}", per: day}, max_cost: "${N:-}"}',
        "tags: {prod: }",
        "providers: {demo: {limits: {}}}\nmodels: {demo/a: {}}",
    ],
)
def test_where_nothing_is_limited_there_is_no_allowance(read, written):
    config = read(written)

    assert ({}, None) == (config.allowances, config.max_cost)


def test_a_call_may_cost_no_more_than_so_much_whoever_asks(read):
    assert 2_500_000_000 == read("service: {max_cost: 2.50}").max_cost


def test_teams_share_what_they_have(read):
    config = read("""
providers: {demo: {}}
routes: {smart: demo/a}
teams:
  research: {budget: 50/month, models: [smart], max_cost: 2}
  others: {limits: {requests: 60/min, tokens: 100k/min, concurrent: 4}}
  free: {}
""")

    assert {
        "research": Team(name="research", allowance=MONTHLY, models=("smart",), max_cost=2 * DOLLARS),
        "others": Team(name="others", allowance=BUSY),
        "free": Team(name="free"),
    } == config.teams
    assert () == config.warnings


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("service: {max_cost: free}", "service.max_cost: expected dollars such as 2.50, with at most nine decimals"),
        ("service: {usd: 5}", "service.usd: unknown key usd; known are budget, limits, max_cost"),
        ("tags: {'': {}}", "tags.: a tag's name is 1 to 64 characters"),
        ("tags: {prod: {usd: 5}}", "tags.prod.usd: unknown key usd; known are budget, limits"),
        ("tags: [prod]", "tags: expected a mapping, got a list"),
        (f"teams: {{{'x' * 65}: {{}}}}", f"teams.{'x' * 65}: a team's name is 1 to 64 characters"),
        ("teams: {a: {models: []}}", "teams.a.models: names no model; leave it out to allow every model"),
        ("teams: {a: {budgets: 5/day}}", "teams.a.budgets: unknown key budgets; did you mean budget?"),
    ],
)
def test_what_a_level_cannot_say(problems, written, problem):
    (found,) = problems(written)

    assert found.startswith(f"c.yaml:1: {problem}")


ROUTES = """
providers: {demo: BUDGET, mistral: {api_key: k}}
routes: {own: [demo/a, demo/b], one: demo/a, other: [demo/a, mistral/c], broken: nowhere}
models: {demo/a: TARGET}
"""


@pytest.mark.parametrize(
    ("route", "provider", "target"),
    [("own", "providers.demo", None), ("one", "providers.demo", "models.demo/a"), ("other", None, None)],
)
def test_a_way_out_does_not_lead_back_to_what_is_spent(read, problems, route, provider, target):
    way = f"{{budget: {{usd: 5, when_spent: {route}}}}}"
    text = ROUTES.replace("BUDGET", way).replace("TARGET", way)

    found = [problem.partition(": ")[2] for problem in problems(text)]

    expected = [
        f"{path}.budget.when_spent: '{route}' leads back to what is spent" for path in (provider, target) if path
    ]
    assert expected == [problem for problem in found if not problem.startswith("routes.")]
