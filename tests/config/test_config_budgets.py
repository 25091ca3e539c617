"""Budgets, as a key has them; and everybody else the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Budget

TEXT = "providers: {demo: {}}\nroutes: {cheap: demo/a, 'gpt-*': 'demo/*'}\nkeys: {alice: {key: k, budget: %s}}"
TIMES = (
    "expected hour, day, week, month, total, or a duration in whole seconds such as 90s or 12h, up to 366d, got {}"
).format
SHORT = "expected a mapping, or dollars in a time such as 50/month, got {}".format
OPEN = "is open, so that more than the limit may be spent while the store can't be reached"


def dollars(amount: float, per: str = "total", **more: str) -> Budget:
    return Budget(limit=round(amount * 10**9), per=per, **more)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{usd: 50}", [dollars(50)]),
        ("{usd: 0.000000001, per: total}", [dollars(1e-9)]),
        ("{usd: 0, per: day}", [dollars(0, "day")]),
        ("{usd: 50, per: hour, zone: Asia/Kolkata}", [dollars(50, "hour", zone="Asia/Kolkata")]),
        ("{usd: 50, per: week, zone: UTC}", [dollars(50, "week")]),
        ("{usd: 50, per: month, zone: Europe/Berlin}", [dollars(50, "month", zone="Europe/Berlin")]),
        ("{usd: 50, per: 90s, zone: UTC}", [dollars(50, "90")]),
        ("{usd: 50, per: 12h}", [dollars(50, "43200")]),
        ("{usd: 50, per: 3600}", [dollars(50, "3600")]),
        ("{usd: 50, when_spent: cheap}", [dollars(50, when_spent="cheap")]),
        ("{usd: 50, when_spent: refuse}", [dollars(50)]),
        ("{usd: 50, when_down: closed}", [dollars(50, when_down="closed")]),
        ("50/month", [dollars(50, "month")]),
        ("0.5 / 12h", [dollars(0.5, "43200")]),
        ("[50/month, {usd: 1, per: day}, ~]", [dollars(50, "month"), dollars(1, "day")]),
        (
            "[50/month, {usd: 49, per: month, zone: Europe/Berlin}]",
            [dollars(50, "month"), dollars(49, "month", zone="Europe/Berlin")],
        ),
        ('{usd: "${LIMIT:-}", per: day}', []),
        ('"${LIMIT:-}"', []),
        ('[{usd: "${LIMIT:-}"}, {usd: 5}]', [dollars(5)]),
        ("", []),
        ("[]", []),
    ],
)
def test_a_budget_is_so_much_in_a_time(read, written, expected):
    config = read(TEXT % written)

    assert (tuple(expected), ()) == (config.keys["alice"].allowance.budgets, config.warnings)


@given(st.integers(0, 10**18 - 1))
def test_every_nano_dollar_counts(read, nanos):
    written = f"{nanos // 10**9}.{nanos % 10**9:09d}"

    long, short = (read(TEXT % text).keys["alice"].allowance for text in (f"{{usd: {written}}}", f"{written}/total"))

    assert (Budget(limit=nanos),) == long.budgets == short.budgets


def test_a_budget_that_says_nothing_does_what_the_state_says_while_the_store_is_down(read):
    config = read(
        "state: {when_down: closed}\n" + TEXT % "[5/day, {usd: 5}, {usd: 5, per: hour, when_down: allotment}]"
    )

    budgets = config.keys["alice"].allowance.budgets
    assert ["closed", "closed", "allotment"] == [budget.when_down for budget in budgets]


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (TEXT % "{usd: 5, when_down: open}", [f"c.yaml:3: keys.alice.budget.when_down: {OPEN}"]),
        ("providers: {demo: {}}\nstate: {when_down: open}", [f"c.yaml:2: state.when_down: {OPEN}"]),
        ("state: {when_down: open}\n" + TEXT % "[5/day, {usd: 5}]", [f"c.yaml:1: state.when_down: {OPEN}"]),
        (TEXT % '{usd: "${LIMIT:-}", when_down: open}', []),
    ],
)
def test_whoever_may_overspend_is_told(read, text, warned):
    assert warned == list(read(text).warnings)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{}", ".usd: is missing (dollars)"),
        ("{per: day}", ".usd: is missing (dollars)"),
        ("{usd: much}", ".usd: expected dollars such as 2.50, with at most nine decimals, got 'much'"),
        ('{usd: ""}', ".usd: expected dollars such as 2.50, with at most nine decimals, got ''"),
        ("{usd: -5}", ".usd: expected dollars such as 2.50, with at most nine decimals, got -5"),
        ("{usd: 5, per: year}", f".per: {TIMES(repr('year'))}"),
        ("{usd: 5, per: 0s}", f".per: {TIMES(repr('0s'))}"),
        ("{usd: 5, per: 1500ms}", f".per: {TIMES(repr('1500ms'))}"),
        ("{usd: 5, per: 367d}", f".per: {TIMES(repr('367d'))}"),
        ("{usd: 5, per: [day]}", f".per: {TIMES('a list')}"),
        ("{usd: 5, zone: Europe/Berlin}", ".zone: only budgets per hour, day, week, month begin in a time zone"),
        (
            "{usd: 5, per: 90s, zone: Europe/Berlin}",
            ".zone: only budgets per hour, day, week, month begin in a time zone",
        ),
        *(
            (f"{{usd: 5, per: day, zone: {zone}}}", f".zone: expected a time zone such as Europe/Berlin, got '{zone}'")
            for zone in (
                *(
                    "Europe",
                    "Europe/Atlantis",
                    "../UTC",
                    "/etc/passwd",
                    "right/UTC",
                    "posix/UTC",
                    "localtime",
                    "Berlin",
                ),
                *("tzdata.zi", "a" * 300),
            )
            if len(zone) < 60
        ),
        ("{usd: 5, when_spent: cheep}", ".when_spent: no route is called 'cheep'; did you mean cheap?"),
        (
            "{usd: 5, when_spent: xyz}",
            ".when_spent: no route is called 'xyz'; expected refuse, or the name of a route",
        ),
        ("{usd: 5, when_spent: 'gpt-*'}", ".when_spent: a route whose name holds a * can't be asked by that name"),
        ("{usd: 5, when_spent: [cheap]}", ".when_spent: expected text on one line, got a list"),
        (
            "{usd: 5, when_down: maybe}",
            ".when_down: expected a policy (allotment, closed, open), got 'maybe'",
        ),
        ("{usd: 5, limit: 6}", ".limit: unknown key limit; known are per, usd, when_down, when_spent, zone"),
        ("5", f": {SHORT('5')}"),
        ("5/year", f": {SHORT(repr('5/year'))}"),
        ("1.2.3/day", f": {SHORT(repr('1.2.3/day'))}"),
        ("[[5/day]]", f"[0]: {SHORT('a list')}"),
        ("[5/day, {usd: 6, per: day}]", "[1]: is a second budget for the same time; keep one of them"),
        ("[5/total, {usd: 6}]", "[1]: is a second budget for the same time; keep one of them"),
    ],
)
def test_what_a_budget_cannot_be(problems, written, problem):
    assert [f"c.yaml:3: keys.alice.budget{problem}"] == problems(TEXT % written)


def test_a_very_long_name_is_no_time_zone(problems):
    (problem,) = problems(TEXT % f"{{usd: 5, per: day, zone: {'a' * 300}}}")

    assert problem.startswith("c.yaml:3: keys.alice.budget.zone: expected a time zone such as Europe/Berlin, got 'aaa")


def test_a_secret_where_a_budget_should_be_is_not_shown(problems):
    (problem,) = problems(TEXT % '"${SOME_TOKEN}"', {"SOME_TOKEN": "planted"})

    assert problem == f"c.yaml:3: keys.alice.budget: {SHORT('the value of SOME_TOKEN')}"
