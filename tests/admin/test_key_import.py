"""Keys are taken over all together, or not at all."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest

from admin.key_import import take_over
from admin.key_rows import Row, rows_of
from admin.keys import Locksmith
from core.errors import Refusal
from store.contract import StoredKey, StoreDown, Taken
from store.memory import MemoryStore


def hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def rows(*names: str, **fields: Any) -> list[Row]:
    return [Row(line, name, hashed(name), dict(fields)) for line, name in enumerate(names, 1)]


async def names(smith: Locksmith) -> list[str]:
    return [key.name for key in await smith.store.keys()]


def results(told: dict[str, Any]) -> list[str]:
    return [row["result"] for row in told["rows"]]


async def test_all_are_taken_over_and_clients_keep_their_keys(smith, store):
    told = await take_over(smith, rows("alice", "bob", team="sales"))

    assert (True, 2, ["made", "made"]) == (told["ok"], told["made"], results(told))
    assert "alice" == (await store.key_of(sha256(b"alice").digest())).name
    assert {"team": "sales"} == (await store.key_named("bob")).fields


async def test_doing_it_again_is_harmless(smith):
    await take_over(smith, rows("alice"))

    told = await take_over(smith, rows("alice", "bob"))

    assert (True, 1, 1, ["there", "made"]) == (told["ok"], told["made"], told["there"], results(told))


async def test_a_trial_writes_nothing(smith):
    told = await take_over(smith, rows("alice"), try_only=True)

    assert (True, 0, ["ready"]) == (told["ok"], told["made"], results(told))
    assert [] == await names(smith)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (Row(3, "c", hashed("c"), wrong="is odd"), "is odd"),
        (Row(3, "", hashed("c")), "needs a name"),
        (Row(3, "a/b", hashed("c")), "slash"),
        (Row(3, "c", ""), "64 hex digits"),
        (Row(3, "c", hashed("c"), {"team": "none"}), "no team is called"),
        (Row(3, "c", hashed("c"), {"colour": "red"}), "unknown key colour"),
        (Row(3, "alice", hashed("c")), "the same name as line 1"),
        (Row(3, "c", hashed("alice")), "the same hash as line 1"),
        (Row(3, "written", hashed("c")), "stands in the configuration"),
        (Row(3, "c", hashed("secret-of-operator")), "admin key"),
        (Row(3, "there", hashed("c")), "'there' already"),
        (Row(3, "there", hashed("there"), {"max_cost": 1}), "'there' already"),
        (Row(3, "c", hashed("there")), "under another name"),
    ],
)
async def test_one_that_is_wrong_keeps_all_from_being_taken_over(smith, wrong, says):
    await take_over(smith, rows("there"))

    told = await take_over(smith, [*rows("alice", "bob"), wrong])

    assert (False, 0, 1, ["left", "left", "wrong"]) == (told["ok"], told["made"], told["wrong"], results(told))
    assert says in told["rows"][2]["why"]
    assert ["there"] == await names(smith)


async def test_notes_and_warnings_stand_beside_their_lines(smith):
    row = Row(1, "alice", hashed("a"), {"models": ["nobody/knows"]}, ["metadata: stays behind"])

    told = await take_over(smith, [row])

    assert ["metadata: stays behind", "models: 'nobody/knows' is no route, and no model at a known provider"] == [
        note.replace("models[0]", "models") for note in told["rows"][0]["notes"]
    ]


async def test_a_list_of_litellm_is_taken_over(smith, store):
    text = f'{{"keys": [{{"token": "{hashed("sk-x")}", "key_alias": "x", "max_budget": 5, "budget_duration": "7d"}}]}}'

    told = await take_over(smith, rows_of(text))

    assert told["ok"]
    assert {"budget": {"usd": "5", "per": "week"}} == (await store.key_of(sha256(b"sk-x").digest())).fields


class Failing(MemoryStore):
    """Fails at the third key: *taken* by somebody else, or *lost* after it was written; *dead* from then on."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.dead = False

    async def put_key(self, key: StoredKey) -> StoredKey:
        if key.name == "c" and self.how == "taken":
            raise Taken(key.name)
        made = await super().put_key(key)
        if key.name == "c":
            self.dead = self.how == "dead"
            raise StoreDown("silent")
        return made

    async def key_named(self, name: str) -> StoredKey | None:
        if self.dead:
            raise StoreDown("dead")
        return await super().key_named(name)


@pytest.fixture(params=["taken", "lost", "dead"])
async def failing(request: pytest.FixtureRequest) -> AsyncIterator[Failing]:
    return Failing(request.param)


async def test_what_was_written_before_a_failure_is_taken_back(failing, written):
    smith = Locksmith(failing, lambda: written)

    told = await take_over(smith, rows("a", "b", "c", "d"))

    assert (False, 0, ["left", "left", "wrong", "left"]) == (told["ok"], told["made"], results(told))
    assert {
        "taken": "was made by somebody else meanwhile",
        "lost": "the store can't be reached",
        "dead": "the store can't be reached; some of the keys may have been made: do it again when it is back",
    }[failing.how] == told["rows"][2]["why"]
    assert (["a", "b", "c"] if failing.dead else []) == await names(smith)

    failing.dead, failing.how = False, ""
    again = await take_over(smith, rows("a", "b", "d"))

    assert again["ok"]


async def test_without_the_store_nobody_is_blamed(written):
    store = Failing("dead")
    store.dead = True

    with pytest.raises(Refusal) as caught:
        await take_over(Locksmith(store, lambda: written), rows("a"))

    assert 503 == caught.value.status
