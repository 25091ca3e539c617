"""What can be changed of a key, and how its secret is replaced."""

import asyncio
from hashlib import sha256

import pytest

from admin.keys import PREFIX, Locksmith, merged, spelled
from store.contract import StoredKey, Taken
from store.memory import MemoryStore
from tests.admin.conftest import FIRST, WHEN, hashed, refusal
from tests.store.stores import START


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({}, {"team": "sales"}, {"team": "sales"}),
        ({"team": "sales", "max_cost": 1}, {"team": None}, {"max_cost": 1}),
        ({"budget": {"usd": 5, "per": "day"}}, {"budget": {"usd": 6}}, {"budget": {"usd": 6, "per": "day"}}),
        ({"budget": "5/day"}, {"budget": {"usd": 6}}, {"budget": {"usd": 6, "per": "day"}}),
        ({"budget": "5/day"}, {"budget": "6/month"}, {"budget": "6/month"}),
        ({"budget": [{"usd": 5, "per": "day"}]}, {"budget": {"usd": 6}}, {"budget": {"usd": 6}}),
        ({"budget": "5/day"}, {"budget": None}, {}),
        (
            {"limits": {"concurrent": 4}},
            {"limits": {"requests": "5/s"}},
            {"limits": {"concurrent": 4, "requests": "5/s"}},
        ),
        (
            {"limits": {"concurrent": 4}},
            {"limits": {"concurrent": None, "tokens": "5/s"}},
            {"limits": {"tokens": "5/s"}},
        ),
        ({"models": ["m", "cheap"]}, {"models": ["m"], "name": "alice"}, {"models": ["m"]}),
        ({"disabled": True}, {"disabled": False}, {"disabled": False}),
    ],
)
async def test_a_patch_is_merged_and_null_removes(smith, store, clock, before, patch, after):
    await smith.create({"name": "alice", **before})
    clock.move(5)

    changed = await smith.change("alice", patch)

    stored = await store.key_named("alice")
    assert after == stored.fields == {name: changed[name] for name in after}
    assert (WHEN, WHEN.replace("00Z", "05Z")) == (changed["created_at"], changed["changed_at"])


@pytest.mark.parametrize(
    ("patch", "param"),
    [
        ({"name": "bob"}, "name"),
        ({"key": "sk-other"}, "key"),
        ({"sha256": "0" * 64}, "sha256"),
        ({"team": "none"}, "team"),
        ({"budget": {"per": "day"}}, "budget.usd"),
    ],
)
async def test_a_bad_patch_changes_nothing(smith, store, patch, param):
    await smith.create({"name": "alice"})
    before = await store.key_named("alice")

    assert (400, param) == ((refused := await refusal(smith.change("alice", patch))).status, refused.param)
    assert before == await store.key_named("alice")


async def test_a_change_tells_what_is_odd(smith):
    await smith.create({"name": "alice"})

    assert 1 == len((await smith.change("alice", {"models": ["nobody/knows"]}))["warnings"])


async def test_two_who_change_a_key_at_once_both_get_their_way(smith):
    await smith.create({"name": "alice"})

    await asyncio.gather(smith.change("alice", {"team": "sales"}), smith.change("alice", {"max_cost": 1}))

    shown = await smith.show("alice")
    assert ("sales", 1) == (shown["team"], shown["max_cost"])


class Restless(MemoryStore):
    """Somebody else is always first."""

    async def put_key(self, key: StoredKey) -> StoredKey:
        if key.version:
            raise Taken(key.name)
        return await super().put_key(key)


async def test_who_is_never_first_is_told_so(written):
    smith = Locksmith(Restless(), lambda: written)
    await smith.create({"name": "alice"})

    assert (409, "key_changed") == ((refused := await refusal(smith.rotate("alice"))).status, refused.code)


async def test_a_rotated_key_has_a_new_secret_and_the_old_one_goes_on_for_a_day(smith, store, clock):
    await smith.create({"name": "alice"})
    clock.move(5)

    rotated = await smith.rotate("alice")

    second = PREFIX + "1".zfill(43)
    stored = await store.key_named("alice")
    assert second == rotated["key"]
    assert WHEN.replace("15T08:00:00", "16T08:00:05") == rotated["former_key_until"]
    assert (hashed(second), hashed(FIRST)) == (stored.digest.hex(), stored.former.hex())
    assert START + 5 + 86400 == stored.former_until

    clock.move(86400)

    assert "former_key_until" not in await smith.show("alice")


@pytest.mark.parametrize(("grace", "seconds"), [("90s", 90.0), (30, 30.0), ("1d", 86400.0)])
async def test_the_grace_can_be_said(smith, store, grace, seconds):
    await smith.create({"name": "alice"})

    await smith.rotate("alice", grace)

    assert START + seconds == (await store.key_named("alice")).former_until


@pytest.mark.parametrize("grace", ["0s", 0, "0"])
async def test_without_grace_the_old_secret_ends_at_once(smith, store, grace):
    await smith.create({"name": "alice"})
    await smith.rotate("alice")

    rotated = await smith.rotate("alice", grace)

    assert "former_key_until" not in rotated
    assert b"" == (await store.key_named("alice")).former
    assert None is await store.key_of(sha256(FIRST.encode()).digest())


@pytest.mark.parametrize("grace", ["soon", -1, "400d", True, [], {}])
async def test_a_grace_that_is_none_is_refused(smith, grace):
    await smith.create({"name": "alice"})

    assert "grace" == (await refusal(smith.rotate("alice", grace))).param


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    # The examples of RFC 7396, appendix A, as far as both are objects.
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_is_that_of_the_standard(target, patch, result):
    assert result == merged(target, patch)


@pytest.mark.parametrize(
    ("budget", "at_length"),
    [("5/day", {"usd": "5", "per": "day"}), ("5 / 90s", {"usd": "5", "per": "90s"}), ("5", "5"), (5, 5), ([], [])],
)
def test_a_short_budget_is_written_at_length(budget, at_length):
    assert {"budget": at_length, "x": 1} == spelled({"budget": budget, "x": 1})
