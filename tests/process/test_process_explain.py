"""`proxy.py explain` and `proxy.py plan`, as an operator types them."""

import asyncio

import orjson
import pytest

import proxy
from store.ledger_sqlite import SqliteLedger
from tests.store.ledger.entries import entry

CONFIG = """\
providers:
  p: {dialect: openai, base_url: "http://127.0.0.1:9", api_key: secret-of-p}
routes:
  m: [{targets: [p/a, p/b], strategy: order}]
keys: {alice: {key: secret-of-alice}}
"""
KEPT = [0, "random", 7, 0, 0, [0.4, 0.4, 0.2], [["p", "a", 1.0, []], ["p", "b", 1.0, []]], [], []]
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """`proxy.py` beside a configuration, a request, and a ledger that knows one call: code, output, errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "new.yaml").write_text(CONFIG.replace("p/a, p/b", "p/b, p/a"))
    (tmp_path / "wrong.yaml").write_text(CONFIG + "unheard: 1\n")
    (tmp_path / "ask.json").write_bytes(orjson.dumps(BODY))
    (tmp_path / "data").mkdir()

    async def fill():
        ledger = SqliteLedger(tmp_path / "data" / "ledger.sqlite")
        await ledger.open()
        attempts = (("p/b", "broken", 5.0, 0), ("p/a", "", 7.5, 1000))
        await ledger.add("me", 1, [entry(1, route="m", target="p/a", attempts=attempts, why=(KEPT,))])
        await ledger.close()

    asyncio.run(fill())

    def run(*arguments):
        try:
            code = proxy.main(list(arguments))
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


def test_what_would_happen_is_said_for_a_file(run):
    code, out, err = run("explain", "ask.json", "--key", "alice")
    read = orjson.loads(run("explain", "ask.json", "--json")[1])

    assert (0, "") == (code, err)
    assert out.startswith("m -> route m\n")
    assert out.endswith("\nwould go to p/a\n")
    assert ("explanation", "p/a") == (read["object"], read["verdict"]["first"])


def test_what_led_to_a_call_is_said_by_its_id(run):
    code, out, err = run("explain", "--call", "call-1")
    read = orjson.loads(run("explain", "--call", "call-1", "--json")[1])

    assert (0, "") == (code, err)
    assert "stage 1: random\n" in out
    assert "  1  p/b, 5 ms, broken\n  2  p/a, 7.5 ms, answered\n" in out
    assert ["p/b", "p/a"] == [each["target"] for each in read["attempts"]]
    assert [1, 1] == [each["attempts"] for each in read["decisions"][0]["candidates"]]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("explain", "nowhere.json"), 1, "nowhere.json: No such file or directory"),
        (("explain", "config.yaml"), 1, "400: We could not parse the JSON body"),
        (("explain", "ask.json", "--key", "bob"), 1, "404: There is no key bob"),
        (("explain", "ask.json", "--config", "wrong.yaml"), 2, "unknown key unheard"),
        (("explain", "--call", "call-9"), 1, "404: There is no call 'call-9' among the newest."),
        (("explain",), 2, "one of the arguments request --call is required"),
        (("explain", "ask.json", "--call", "call-1"), 2, "not allowed with argument"),
        (("plan", "wrong.yaml"), 2, "wrong.yaml"),
        (("plan", "nowhere.yaml"), 2, "nowhere.yaml"),
    ],
)
def test_what_cannot_be_said_is_complained_of(run, arguments, code, said):
    done, out, err = run(*arguments)

    assert (code, "") == (done, out)
    assert said in err


def test_a_plan_says_what_changes_and_for_which_calls(run):
    code, out, err = run("plan", "new.yaml")
    read = orjson.loads(run("plan", "new.yaml", "--json")[1])

    assert (0, "") == (code, err)
    assert out.startswith("~ routes.m.stages.1.targets: [p/a, p/b] -> [p/b, p/a]\n")
    assert "The last 1 calls" in out
    assert (1, 1) == (read["calls"], len(read["groups"]))


def test_a_call_by_a_models_own_name_that_failed_everywhere_is_decided_again(run, tmp_path):
    async def fill():
        ledger = SqliteLedger(tmp_path / "data" / "ledger.sqlite")
        await ledger.open()
        attempts = (("p/x", "broken", 5.0, 0), ("p/x", "broken", 5.0, 0))
        await ledger.add("me", 2, [entry(2, route="p/*", target="", attempts=attempts)])
        await ledger.close()

    asyncio.run(fill())

    groups = orjson.loads(run("plan", "config.yaml", "--json")[1])["groups"]

    told = {group["route"]: (group["asked"], group["would"], group["reason"]) for group in groups}
    assert ("p/x", "p/x", "") == told["p/*"]
