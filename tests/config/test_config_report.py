"""What a person reads about a configuration."""

import shlex

import pytest

from config.problems import ConfigErrors, Problem
from config.report import address_of, problems_text, summary
from config.schema import Server


def test_a_summary_says_where_what_and_what_not(read):
    config = read("""
server: {port: 9}
providers:
  demo: {}
  vllm: {api_key: [a, b]}
  openai: {api_key: "${OPENAI_API_KEY:-}"}
  mistral: {}
  groq: {api_key: ["${A:-}", "${B:-}"]}
routes:
  "x-*": "openai/x-*"
  smart: [{targets: [demo/a, {target: vllm/b, weight: 3}], strategy: weighted}, {on: timeout, target: demo/c}]
  twice: [demo/a, demo/a]
""")

    text = summary(config, file="c.yaml", pages={"dashboard": "/admin", "metrics": "/metrics"})

    assert f"""c.yaml: good, generation {config.hash}, 1 worker
address: http://127.0.0.1:9/v1 (no keys: open to everyone who can reach it)
dashboard: http://127.0.0.1:9/admin
metrics: http://127.0.0.1:9/metrics
state: ./data
ledger: ./data, rows are kept for 90 days
providers:
  demo: configured
  vllm: configured, local, 2 keys
  openai: not configured (OPENAI_API_KEY is not set)
  mistral: not configured (it has no api_key)
  groq: not configured (A, B are not set)
routes:
  x-*: openai/x-* (no provider of it is configured)
  smart: demo/a + vllm/b x3 (weighted) -> on timeout: demo/c
  twice: demo/a
  auto: whoever can do what a call needs (balanced)
warning: c.yaml:12: routes.twice[1]: can never be reached: all its targets stand in earlier stages""" == "\n".join(
        text.splitlines()[:-1]
    )
    assert ["try:", "curl", "http://127.0.0.1:9/v1/chat/completions"] == shlex.split(text.splitlines()[-1])[:3]
    assert '"model": "smart"' in text.splitlines()[-1]


def test_routes_that_are_of_no_use_yet_share_a_line_where_they_are_many(read):
    text = "providers: {demo: {}, openai: {}}\nauto: off\nroutes: {m: demo/a, a: openai/a, b: openai/b, c: openai/c"

    few = summary(read(text + "}"), file="c.yaml", pages={}).splitlines()
    many = summary(read(text + ", d: [openai/d, openai/e]}"), file="c.yaml", pages={}).splitlines()

    assert "  c: openai/c (no provider of it is configured)" in few
    assert ["  m: demo/a", "  of no use yet, since no provider of theirs is configured: a, b, c, d"] == many[-3:-1]


def test_a_route_called_auto_is_told_as_any_other(read):
    text = summary(read("providers: {demo: {}}\nroutes: {auto: demo/a}"), file="c.yaml", pages={})

    assert ["  auto: demo/a"] == [line for line in text.splitlines() if "auto" in line][:1]
    assert "whoever" not in text


def test_the_line_to_try_asks_for_the_demo_and_shows_where_a_key_goes(read):
    config = read("""
server: {workers: 2}
providers: {demo: {}}
routes: {a: demo/a, demo: demo/echo}
keys: {alice: {key: k}}
""")

    text = summary(config, file="c.yaml", pages={})

    assert "2 workers" in text
    assert "(one key)" in text
    assert '-H "authorization: Bearer $YOUR_KEY"' in text.splitlines()[-1]
    assert '"model": "demo"' in text.splitlines()[-1]


def test_what_the_configuration_does_not_tell_has_a_line_of_its_own(read):
    lines = summary(read("providers: {demo: {}}"), file="c.yaml", pages={}, about="admin key: in data/admin.key")

    assert "admin key: in data/admin.key" in lines.splitlines()


def test_nothing_to_try_is_no_line(read):
    text = summary(read("keys: {a: {key: k}, b: {key: j}}"), file="c.yaml", pages={})

    assert "(2 keys)" in text
    assert "try:" not in text


def test_a_summary_says_what_limits_spending_and_where_that_is_kept(read):
    config = read("""
state: {url: "redis://:planted@cache:6379/1"}
ledger: {url: "postgresql://me:planted@db/x", keep: 36h}
service: {budget: 50/day}
teams: {research: {limits: {requests: [1/s, 30/min], concurrent: 3}}}
keys:
  alice: {key: k, budget: [5/day, 50/month], per_model: {"*": {budget: 1/hour, limits: {tokens: 5k/min}}}}
""")

    lines = summary(config, file="c.yaml", pages={}).splitlines()

    assert [
        "state: redis://cache:6379/1",
        "ledger: postgresql://db/x, rows are kept for 1.5 days",
        "money: 1 team, 4 budgets, 4 limits",
    ] == lines[2:5]


def test_a_ledger_that_is_off_is_said_to_be(read):
    text = summary(read("state: {directory: /var/lib/x}\nledger: off"), file="c.yaml", pages={})

    assert "state: /var/lib/x\nledger: off\n" in text


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("example.test", "http://example.test:80"),
    ],
)
def test_an_address_can_be_clicked(host, address):
    assert address == address_of(Server(host=host, port=80))


def test_problems_are_lines_up_to_a_hundred():
    one = Problem("c.yaml", 3, "a.b", "is wrong")

    assert "c.yaml:3: a.b: is wrong" == problems_text(ConfigErrors((one,)))
    assert "c.yaml: is gone" == problems_text(ConfigErrors((Problem("c.yaml", 0, "", "is gone"),)))
    assert "... and 5 more" == problems_text(ConfigErrors((one,) * 105)).splitlines()[-1]
