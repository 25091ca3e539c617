"""What is different between two configurations, in words that never hold a secret."""

import pytest

from admin.changes import changes
from config.load import load
from config.schema import Config, DialectFacts
from routing.strategies import STRATEGIES

BASE = """
admin: {key: secret-of-operator}
providers:
  demo: {}
  lab: {dialect: demo, api_key: secret-of-lab, headers: {x-team: secret-header}}
routes:
  m: [{targets: [demo/a, demo/b]}]
  other: demo/a
teams: {sales: {budget: 500/month}}
keys: {alice: {key: secret-of-alice, team: sales, limits: {requests: 60/min}}}
"""


def read(text: str) -> Config:
    dialects = {"demo": DialectFacts(needs_key=False, listed=False)}
    return load(text, {}, file="c.yaml", dialects=dialects, strategies=STRATEGIES)


def told(old: str, new: str) -> list[str]:
    return [str(change) for change in changes(read(BASE), read(BASE.replace(old, new)))]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("demo/b]", "demo/b ]", []),
        ("[demo/a, demo/b]", "[demo/b, demo/a]", ["~ routes.m.stages.1.targets: [demo/a, demo/b] -> [demo/b, demo/a]"]),
        (
            "[{targets: [demo/a, demo/b]}]",
            "[{targets: [demo/a, demo/b], strategy: cost}]",
            ["~ routes.m.stages.1.strategy: balanced -> cost"],
        ),
        (
            "demo/b]}]",
            "{target: demo/b, weight: 2.5}]}]",
            ["~ routes.m.stages.1.targets: [demo/a, demo/b] -> [demo/a, demo/b x 2.5]"],
        ),
        (
            "demo/b]}]",
            "demo/b]}, demo/c]",
            ["+ routes.m.stages.2: {targets: [demo/c], strategy: balanced}"],
        ),
        (
            "  other: demo/a\n",
            "",
            ["- routes.other: {name: other, stages: [{targets: [demo/a], strategy: balanced}]}"],
        ),
        (
            "providers:",
            "defaults: {timeouts: {total: 100s, attempt: 50s}}\nproviders:",
            [
                "~ routes.m, other.timeouts.attempt: 300 -> 50",
                "~ routes.m, other.timeouts.total: 600 -> 100",
                "~ defaults.timeouts.attempt: 300 -> 50",
                "~ defaults.timeouts.total: 600 -> 100",
            ],
        ),
        ("secret-of-operator", "another-secret", ["~ admin_key: a secret (one) -> a secret (another)"]),
        ("secret-of-alice", "another-secret", ["~ keys.alice.key: one secret -> another"]),
        ("secret-of-lab", "another-secret", ["~ providers.lab.keys: [a secret] (one) -> [a secret] (another)"]),
        (
            "secret-of-lab",
            "[secret-of-lab, one-more-secret]",
            ["~ providers.lab.keys: [a secret] -> [a secret, a secret]"],
        ),
        ("team: sales, ", "", ["~ keys.alice.team: sales -> none"]),
        ("60/min", "90/min", ["~ keys.alice.allowance.limits.requests: [60 in 60 s] -> [90 in 60 s]"]),
        ("500/month", "600/month", ["~ teams.sales.allowance.budgets.1.limit: $500.00 -> $600.00"]),
    ],
)
def test_a_change_is_told_by_what_it_means(old, new, lines):
    assert lines == told(old, new)


def test_the_same_change_of_many_routes_is_told_once():
    many = "".join(f"  r{number}.x: {{chain: [demo/a], timeouts: {{total: 60s}}}}\n" for number in range(5))
    old, new = (
        read(BASE.replace("teams:", f"{many}teams:")),
        read(BASE.replace("teams:", f"{many.replace('60s', '70s')}teams:")),
    )

    assert ["~ routes.(5 of them).timeouts.total: 60 -> 70"] == [str(change) for change in changes(old, new)]


SECRETS = ("secret-of", "another-secret", "one-more-secret", "secret-header", "new-header")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("keys: {", "keys: {bob: {key: another-secret}, "),
        ("keys: {alice", "keys: {bob"),
        (
            "  demo: {}",
            "  demo: {}\n  more: {dialect: demo, api_key: another-secret, headers: {authorization: new-header}}",
        ),
        ("secret-header", "new-header"),
        ("admin: {key: secret-of-operator}\n", ""),
        ("api_key: secret-of-lab, ", ""),
    ],
)
def test_no_secret_is_ever_told(old, new):
    lines = "\n".join([*told(old, new), *map(str, changes(read(BASE.replace(old, new)), read(BASE)))])

    assert lines
    assert [each for each in SECRETS if each in lines] == []
