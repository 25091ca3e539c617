"""Keys at run time: made once, changed in parts, and never told twice."""

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest

from admin.keys import Locksmith
from store.contract import StoreDown
from store.memory import MemoryStore
from tests.admin.conftest import FIRST, TEXT, WHEN, hashed, read, refusal

Work = Callable[[Locksmith], Awaitable[object]]


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
