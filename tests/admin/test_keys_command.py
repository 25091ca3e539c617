"""The command line for keys, working on a real file as it would without a running server."""

import io
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from admin.keys_command import assigned, run
from admin.keys_told import ONCE, words
from config.problems import ConfigErrors
from config.schema import Config
from core.errors import Refusal
from store.contract import Store, StoreDown
from store.sqlite import SqliteStore
from tests.admin.conftest import TEXT, read
from tests.store.stores import opened

HASH = sha256(b"sk-old").hexdigest()


class Shell:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.text = TEXT

    async def __call__(self, *argv: str) -> tuple[int, str, str]:
        """The exit code, what was said, and what was complained of."""
        said, complained = io.StringIO(), io.StringIO()
        code = await run(argv, self._load, self._opened, say=said.write, complain=complained.write)
        return code, said.getvalue(), complained.getvalue()

    async def json(self, *argv: str) -> Any:
        code, said, complained = await self(*argv, "--json")
        assert (0, "") == (code, complained)
        return orjson.loads(said)

    def _load(self, _file: str) -> Config:
        return read(self.text)

    def _opened(self, _config: Config) -> AbstractAsyncContextManager[Store]:
        return opened(SqliteStore(self.directory / "state.db"))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


async def test_the_life_of_a_key(shell):
    made = await shell.json(
        *("create", "alice", "--team", "sales", "--budget", "50/month", "--requests", "60/min", "--tokens", "100k/min"),
        *("--concurrent", "4", "--max-cost", "2.50", "--expires", "2999-01-01", "--holds", "slices", "--model", "m"),
        *("--model", "cheap", "--tag", "prod", "--set", "per_model.m.budget=1/day"),
    )
    changed = await shell.json("set", "alice", "budget.usd=60", "limits.tokens=", "models=m,cheap", "tags=")
    disabled = await shell.json("disable", "alice")
    enabled = await shell.json("enable", "alice")
    rotated = await shell.json("rotate", "alice", "--grace", "1h")
    listed = await shell.json("list")
    shown = await shell.json("show", "alice")
    revoked = await shell.json("revoke", "alice")

    assert {
        "team": "sales",
        "budget": "50/month",
        "limits": {"requests": "60/min", "tokens": "100k/min", "concurrent": 4},
        "max_cost": "2.50",
        "expires": "2999-01-01",
        "holds": "slices",
        "models": ["m", "cheap"],
        "tags": ["prod"],
        "per_model": {"m": {"budget": "1/day"}},
    }.items() <= made.items()
    assert ({"usd": 60, "per": "month"}, {"requests": "60/min", "concurrent": 4}) == (
        changed["budget"],
        changed["limits"],
    )
    assert "tags" not in changed
    assert ["active", "disabled", "active"] == [each["state"] for each in (made, disabled, enabled)]
    assert made["key"] != rotated["key"]
    assert [shown] == listed["data"]
    assert revoked["deleted"]
    assert {"object": "list", "data": []} == await shell.json("list")


async def test_a_secret_is_shown_once(shell):
    _, made, _ = await shell("create", "alice", "--budget", "5/day")
    _, shown, _ = await shell("show", "alice")

    lines = made.splitlines()
    assert ["name:        alice", ONCE] == [lines[0], lines[1][-len(ONCE) :]]
    assert lines[1].startswith("key:         sk-sy-")
    assert "sk-sy" not in shown
    assert "budget:      5/day" in shown.splitlines()


async def test_a_list_is_a_table(shell):
    await shell("create", "alice", "--team", "sales", "--budget", "50/month")
    await shell("create", "bob", *(each for number in range(20) for each in ("--model", f"demo/{number}")))

    code, said, _ = await shell("list")

    head, alice, bob = said.splitlines()
    assert 0 == code
    assert ["name", "state", "team", "budget", "limits", "models", "expires", "changed"] == head.split()
    assert ["alice", "active", "sales", "50/month", "-", "-", "-"] == alice.split()[:-1]
    assert "..." in bob
    assert len(bob) < 160


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        ((), ["a", "b", "c"]),
        (("--limit", "2"), ["a", "b"]),
        (("--limit", "3"), ["a", "b", "c"]),
        (("--after", "a"), ["b", "c"]),
        (("--after", "a", "--limit", "1"), ["b"]),
    ],
)
async def test_a_list_can_be_a_part(shell, monkeypatch, argv, names):
    monkeypatch.setattr("admin.keys_command.LARGEST_PAGE", 2)
    for name in "cab":
        await shell("create", name)

    assert names == [key["name"] for key in (await shell.json("list", *argv))["data"]]


async def test_keys_are_imported_from_a_file(shell, tmp_path):
    file = tmp_path / "keys.csv"
    file.write_text(f"name,sha256,models\nalice,{HASH},nobody/knows\n", encoding="utf-8-sig")

    tried = await shell("import", str(file), "--dry-run")
    done = await shell("import", str(file))
    again = await shell("import", str(file))

    note = "nobody/knows' is no route, and no model at a known provider"
    assert [0, 0, 0] == [code for code, _, _ in (tried, done, again)]
    assert ["1 ready", "1 made", "1 there already"] == [said.splitlines()[-1] for _, said, _ in (tried, done, again)]
    assert tried[1].startswith("line 2  alice  ready  models")
    assert all(note in said for _, said, _ in (tried, done, again))


async def test_an_import_that_is_wrong_says_where(shell, tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(f'[{{"name": "a", "sha256": "{HASH}"}}, {{"sha256": "x"}}]')

    code, said, _ = await shell("import", str(file))
    told = orjson.loads((await shell("--json", "import", str(file)))[1])

    assert (1, "line 2  -  wrong  A key needs a name.\n1 wrong; nothing was changed\n") == (code, said)
    assert not told["ok"]


async def test_keys_are_imported_from_standard_input(shell, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f'[{{"name": "a", "sha256": "{HASH}"}}]'))

    assert (0, "1 made\n", "") == await shell("import", "-")


async def test_an_empty_list_imports_nothing(shell, tmp_path):
    (tmp_path / "none").write_text("[]")

    assert (0, "nothing to do\n", "") == await shell("import", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (("show", "nobody"), "There is no key called 'nobody'.\n"),
        (("create", "written"), "A key called 'written' stands in the configuration.\n"),
        (("create", "a", "--team", "x"), "team: no team is called 'x'; `teams:` declares them.\n"),
        (("create", "a/b"), "name: A key's name holds no slash, and is more than dots.\n"),
        (("set", "a", "team"), "Expected field=value, got 'team'.\n"),
        (("set", "a", "a..b=1"), "Expected field=value, got 'a..b=1'.\n"),
        (("set", "a", "limits=5/s", "limits.requests=5/s"), "limits.requests stands beside limits.\n"),
        (("import", "/nowhere/at/all"), "/nowhere/at/all: No such file or directory\n"),
    ],
)
async def test_what_cant_be_done_is_said_on_one_line(shell, argv, complaint):
    code, said, complained = await shell(*argv)

    assert (1, "", complaint) == (code, said, complained)


async def test_json_that_is_none_is_refused(shell):
    code, _, complained = await shell("set", "a", "per_model={")

    assert 1 == code
    assert complained.startswith("per_model: this isn't JSON")


async def test_a_file_that_isnt_text_is_refused(shell, tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\xfe\xff")

    assert (1, "", f"{tmp_path}/x: is not UTF-8\n") == await shell("import", str(tmp_path / "x"))


async def test_without_a_store_it_says_so(shell, monkeypatch):
    @asynccontextmanager
    async def closed(_config: Config):
        raise StoreDown("nobody answers")
        yield

    monkeypatch.setattr(shell, "_opened", closed)

    assert (1, "", "The store can't be reached: nobody answers\n") == await shell("list")


async def test_a_bad_configuration_is_the_callers_to_tell(shell):
    shell.text = "nonsense: 1"

    with pytest.raises(ConfigErrors):
        await shell("list")


@pytest.mark.parametrize("argv", [(), ("mend",), ("show",), ("create", "a", "--colour", "red")])
async def test_what_isnt_meant_is_told_how_it_is_used(shell, capsys, argv):
    with pytest.raises(SystemExit) as caught:
        await shell(*argv)

    assert 2 == caught.value.code
    assert "usage: proxy.py keys" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=", None),
        ("x=null", None),
        ("x=5", 5),
        ("x=0", 0),
        ("x=007", "007"),
        ("x=2.50", "2.50"),
        ("x=-1", "-1"),
        ("x=true", True),
        ("x=50/month", "50/month"),
        ('x="5"', "5"),
        ('x=[1, "a"]', [1, "a"]),
        ('x={"a": 1}', {"a": 1}),
        ("x=a=b", "a=b"),
        ("x=a,b", "a,b"),
        ("models=a, b", ["a", "b"]),
        ('models=["a"]', ["a"]),
    ],
)
def test_a_value_is_what_it_looks_like(text, value):
    assert [value] == list(assigned([text]).values())


def test_assignments_can_be_within_one_another():
    assert {"a": {"b": 1, "c": {"d": 2}}, "e": 3} == assigned(["a.b=1", "a.c.d=2", "e=3"])


def test_an_assignment_can_be_refused():
    with pytest.raises(Refusal):
        assigned(["nonsense"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("a", "a"),
        (5, "5"),
        (True, "true"),
        (2.5, "2.5"),
        (["a", 1], "a, 1"),
        ({"usd": 5, "per": "day"}, "5/day"),
        ({"usd": 5, "per": "day", "zone": "Asia/Tokyo"}, "usd=5 per=day zone=Asia/Tokyo"),
        ({"requests": ["1/s", "5/min"]}, "requests=1/s, 5/min"),
    ],
)
def test_a_value_is_shown_as_one_would_write_it(value, text):
    assert text == words(value)
