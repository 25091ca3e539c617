"""Keys at run time: made once, changed in parts, and never told twice."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest

from admin.keys import PREFIX, Locksmith, merged, spelled
from core.errors import Refusal
from store.contract import StoredKey, StoreDown, Taken
from store.memory import MemoryStore
from tests.admin.conftest import TEXT, read
from tests.store.stores import START

FIRST = PREFIX + "0" * 43
WHEN = "2027-01-15T08:00:00Z"

Work = Callable[[Locksmith], Awaitable[object]]


async def refusal(work: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value


def hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


async def test_a_key_is_made_and_its_secret_told_once(smith, store):
    made = await smith.create(
        {
            "name": "alice",
            "team": "research",
            "models": ["m"],
            "budget": {"usd": 50.5, "per": "month"},
            "limits": {"requests": "60/min"},
            "max_cost": 1.25,
            "expires": "2027-06-30",
            "disabled": None,
        }
    )
    shown = await smith.show("alice")
    stored = await store.key_of(sha256(FIRST.encode()).digest())

    assert {
        "name": "alice",
        "key": FIRST,
        "object": "key",
        "team": "research",
        "models": ["m"],
        "budget": {"usd": 50.5, "per": "month"},
        "limits": {"requests": "60/min"},
        "max_cost": 1.25,
        "expires": "2027-06-30",
        "hash": hashed(FIRST)[:12],
        "state": "active",
        "created_at": WHEN,
        "changed_at": WHEN,
    } == made
    assert {name: value for name, value in made.items() if name != "key"} == shown
    assert stored is not None
    assert FIRST not in repr(stored)


async def test_secrets_are_long_and_different(store, written):
    smith = Locksmith(store, lambda: written)

    secrets = {(await smith.create({"name": f"key-{number}"}))["key"] for number in range(5)}

    assert 5 == len(secrets)
    assert all(re.fullmatch(r"sk-sy-[A-Za-z0-9_-]{43}", secret) for secret in secrets)


async def test_a_key_can_be_brought_along_by_its_hash(smith, store):
    made = await smith.create({"name": "alice", "sha256": hashed("sk-old").upper()})

    assert "key" not in made
    assert "alice" == (await store.key_of(sha256(b"sk-old").digest())).name


@pytest.mark.parametrize(
    ("wish", "status", "code", "param", "says"),
    [
        ({}, 400, "missing_required_parameter", "name", "needs a name"),
        ({"name": ""}, 400, "invalid_value", "name", "1 to 64"),
        ({"name": 5}, 400, "invalid_value", "name", "1 to 64"),
        ({"name": "x" * 65}, 400, "invalid_value", "name", "1 to 64"),
        ({"name": "a\nb"}, 400, "invalid_value", "name", "printed"),
        ({"name": "a/b"}, 400, "invalid_value", "name", "slash"),
        ({"name": ".."}, 400, "invalid_value", "name", "dots"),
        ({"name": "a", "key": "sk-mine"}, 400, "invalid_value", "key", "made here"),
        ({"name": "a", "sha256": "sk-mine"}, 400, "invalid_value", "sha256", "64 hex digits"),
        ({"name": "a", "sha256": "x" * 64}, 400, "invalid_value", "sha256", "64 hex digits"),
        ({"name": "a", "sha256": " 1" * 32}, 400, "invalid_value", "sha256", "64 hex digits"),
        ({"name": "a", "sha256": 5}, 400, "invalid_value", "sha256", "64 hex digits"),
        ({"name": "a", "team": "none"}, 400, "invalid_value", "team", "no team is called 'none'"),
        ({"name": "a", "tags": ["prod", "x"]}, 400, "invalid_value", "tags[1]", "no tag is called 'x'"),
        ({"name": "a", "models": []}, 400, "invalid_value", "models", "names no model"),
        ({"name": "a", "budget": {"usd": -1}}, 400, "invalid_value", "budget.usd", "dollars"),
        ({"name": "a", "budgets": "1/day"}, 400, "invalid_value", "budgets", "did you mean budget"),
        ({"name": "a", "limits": {"requests": "x"}}, 400, "invalid_value", "limits.requests", "a rate"),
        ({"name": "written"}, 409, "key_exists", "name", "stands in the configuration"),
        ({"name": "a", "sha256": hashed("secret-of-written")}, 409, "key_exists", "sha256", "another name"),
        ({"name": "a", "sha256": hashed("secret-of-operator")}, 409, "key_exists", "sha256", "admin key"),
        ({"name": "taken"}, 409, "key_exists", "name", "'taken' already"),
        ({"name": "a", "sha256": hashed("sk-taken")}, 409, "key_exists", "sha256", "under another name"),
    ],
)
async def test_what_cant_be_made_is_refused_by_name(smith, wish, status, code, param, says):
    await smith.create({"name": "taken", "sha256": hashed("sk-taken")})

    refused = await refusal(smith.create(wish))

    assert (status, code, param) == (refused.status, refused.code, refused.param)
    assert says in refused.message
    assert ["taken"] == [key["name"] for key in (await smith.page())["data"]]


async def test_all_that_is_wrong_is_told_at_once(smith):
    refused = await refusal(smith.create({"name": "a", "team": "none", "max_cost": "much"}))

    assert "team: no team" in refused.message
    assert "max_cost: expected dollars" in refused.message


async def test_what_is_odd_is_told_beside_the_key(smith):
    made = await smith.create({"name": "a", "models": ["nobody/knows"]})

    assert ["models: 'nobody/knows' is no route, and no model at a known provider"] == [
        warning.replace("models[0]", "models") for warning in made["warnings"]
    ]


async def test_keys_are_listed_in_pages(smith):
    for name in ("dora", "alice", "carol", "bob"):
        await smith.create({"name": name})

    first = await smith.page(limit=3)
    second = await smith.page(first["next"], 3)

    assert (["alice", "bob", "carol"], True, "carol") == (
        [key["name"] for key in first["data"]],
        first["has_more"],
        first["next"],
    )
    assert (["dora"], False, None) == ([key["name"] for key in second["data"]], second["has_more"], second["next"])
    assert all("key" not in key for key in first["data"])


@pytest.mark.parametrize("limit", [0, 1001])
async def test_a_page_is_neither_empty_nor_endless(smith, limit):
    assert "limit" == (await refusal(smith.page(limit=limit))).param


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


async def test_a_revoked_key_is_gone_and_its_name_free(smith, store):
    await smith.create({"name": "alice"})

    assert {"object": "key", "name": "alice", "deleted": True} == await smith.revoke("alice")
    assert None is await store.key_of(sha256(FIRST.encode()).digest())
    assert "key" in await smith.create({"name": "alice"})


@pytest.mark.parametrize(
    "work",
    [
        lambda smith: smith.show("nobody"),
        lambda smith: smith.change("nobody", {}),
        lambda smith: smith.rotate("nobody"),
        lambda smith: smith.revoke("nobody"),
    ],
    ids=["show", "change", "rotate", "revoke"],
)
async def test_who_isnt_there_isnt_found(smith, work: Work):
    refused = await refusal(work(smith))

    assert (404, "key_not_found") == (refused.status, refused.code)


async def test_a_key_of_the_configuration_is_not_found_and_it_is_said_why(smith):
    assert "stands in the configuration" in (await refusal(smith.show("written"))).message


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "active"),
        ({"disabled": True}, "disabled"),
        ({"expires": "2027-01-15T08:00:00Z"}, "expired"),
        ({"expires": "2027-01-15T08:00:01Z"}, "active"),
    ],
)
async def test_a_key_says_how_it_stands(smith, fields, state):
    assert state == (await smith.create({"name": "alice", **fields}))["state"]


async def test_a_key_that_a_new_configuration_cant_use_says_so_and_can_be_disabled(smith, store, clock):
    await smith.create({"name": "alice", "team": "sales"})
    changed = read(TEXT.replace("sales: {budget: 500/month}", ""))
    smith = Locksmith(store, lambda: changed, clock=clock)

    shown = await smith.show("alice")
    refused = await refusal(smith.change("alice", {"max_cost": 1}))
    disabled = await smith.change("alice", {"disabled": True})
    mended = await smith.change("alice", {"team": None})

    assert "unusable" == shown["state"]
    assert ["team: no team is called 'sales'; `teams:` declares them"] == shown["problems"]
    assert "team" == refused.param
    assert disabled["disabled"]
    assert "disabled" == mended["state"]


class Gone(MemoryStore):
    """A store out of reach."""

    async def _away(self, *_args: object) -> Any:
        raise StoreDown("out of reach")

    key_named = put_key = drop_key = keys = _away


@pytest.mark.parametrize(
    ("work", "doubt"),
    [
        (lambda smith: smith.show("a"), False),
        (lambda smith: smith.page(), False),
        (lambda smith: smith.create({"name": "a"}), True),
        (lambda smith: smith.change("a", {}), False),
        (lambda smith: smith.rotate("a"), False),
        (lambda smith: smith.revoke("a"), True),
    ],
    ids=["show", "page", "create", "change", "rotate", "revoke"],
)
async def test_without_the_store_nothing_is_said_to_be_done(written, work: Work, doubt):
    refused = await refusal(work(Locksmith(Gone(), lambda: written)))

    assert (503, "store_unavailable", "1") == (refused.status, refused.code, refused.headers["retry-after"])
    assert doubt == ("unknown" in refused.message)


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
