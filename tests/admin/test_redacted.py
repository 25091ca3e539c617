"""A configuration is shown with all that it says, and without a single secret."""

import re
from pathlib import Path

import orjson
import pytest

from admin.redacted import MOST_KEYS, redacted
from config.load import load
from gateway.generation import DIALECTS
from routing.strategies import STRATEGIES

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8")
TEXT = """
providers:
  a: {dialect: openai, base_url: "https://gateway.test/v1", api_key: [hidden-one, hidden-two]}
  b: {dialect: openai, api_key: hidden-four, headers: {x: hidden-five}}
state: {url: "redis://user:hidden-six@127.0.0.1:6379/0"}
ledger: {url: "postgresql://user:hidden-seven@127.0.0.1/x"}
models:
  a/x:
    price:
      {input: 1.5, output: 2, long: {above: 200000, input: 3, output: 4}, priority: 2, batch: {input: 1, output: 1}}
teams: {lab: {budget: 5/day, max_cost: 0.25}}
routes: {m: a/x}
"""


def shown(text, env=None):
    config = load(text, env or {}, file="c.yaml", dialects=DIALECTS, strategies=STRATEGIES)
    return orjson.loads(orjson.dumps(redacted(config)))


def test_no_secret_is_in_it():
    page = shown(TEXT)

    assert "hidden-" not in str(page)
    assert "https://gateway.test/v1" == page["providers"]["a"]["base_url"]
    assert (["***", "***"], {"x": "***"}) == (page["providers"]["a"]["keys"], page["providers"]["b"]["headers"])
    assert ("***", "***") == (page["state"]["url"], page["ledger"]["url"])


def test_none_of_the_shipped_configuration_is_either():
    names = set(re.findall(r"\$\{(\w*(?:KEY|SECRET|TOKEN|PASSWORD)\w*)", SHIPPED)) - {"AZURE_OPENAI_API_KEY"}
    page = shown(SHIPPED, {name: f"hidden-{name}-0123456789" for name in names})

    assert len(names) > 5
    assert "hidden-" not in str(page)


def test_amounts_are_dollars_as_they_are_written():
    page = shown(TEXT)

    assert {
        "input": 1.5,
        "output": 2,
        "long": [{"above": 200000, "input": 3, "output": 4}],
        "priority": 2,
        "batch": {"input": 1, "output": 1},
    } == page["models"]["a/x"]["price"]
    assert (5, 0.25) == (page["teams"]["lab"]["allowance"]["budgets"][0]["limit"], page["teams"]["lab"]["max_cost"])


@pytest.mark.parametrize(("count", "left_out"), [(3, 0), (MOST_KEYS + 2, 2)])
def test_of_very_many_keys_the_first_are_shown(count, left_out):
    lines = "".join(f"\n  key-{number}: {{key: hidden-{number}-0123456789}}" for number in range(count))
    page = shown(f"{TEXT}keys:{lines}\n")

    assert (count - left_out, left_out) == (len(page["keys"]), page["keys_left_out"])
    assert "***" == page["keys"]["key-0"]["digest"]
