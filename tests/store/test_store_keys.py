"""What every store does with clients' keys."""

import asyncio

import pytest

from store.contract import KEPT_CHANGES, Changes, Store, Taken
from tests.store.stores import Opened
from tests.store.words import key

A, B, C, D = (letter * 32 for letter in (b"a", b"b", b"c", b"d"))


async def test_a_key_is_found_by_its_digest_and_its_name(store: Store) -> None:
    stored = await store.put_key(key("alice", A))

    assert stored.version > 0
    assert key("alice", A, version=stored.version) == stored
    assert [stored, stored] == [await store.key_of(A), await store.key_named("alice")]


async def test_who_is_not_there_is_not_found(store: Store) -> None:
    await store.put_key(key("alice", A))

    assert [None, None, None] == [await store.key_of(B), await store.key_of(b""), await store.key_named("bob")]


async def test_another_process_finds_it(opening: Opened) -> None:
    async with opening() as here, opening() as there:
        stored = await here.put_key(key("alice", A))

        assert stored == await there.key_of(A)


async def test_a_changed_key_is_found_as_it_is_now(store: Store) -> None:
    stored = await store.put_key(key("alice", A))

    changed = await store.put_key(stored._replace(fields={"disabled": True, "tags": ["ä", 1, None, 0.5]}, changed=9.5))

    assert changed.version > stored.version
    assert {"disabled": True, "tags": ["ä", 1, None, 0.5]} == changed.fields
    assert [changed, changed] == [await store.key_of(A), await store.key_named("alice")]


async def test_after_a_rotation_both_secrets_lead_to_the_key(store: Store) -> None:
    stored = await store.put_key(key("alice", A))

    rotated = await store.put_key(stored._replace(digest=B, former=A, former_until=77.5))

    assert [rotated, rotated] == [await store.key_of(A), await store.key_of(B)]
    assert (B, A, 77.5) == (rotated.digest, rotated.former, rotated.former_until)


async def test_after_the_next_rotation_the_oldest_secret_leads_nowhere(store: Store) -> None:
    stored = await store.put_key(key("alice", A))
    stored = await store.put_key(stored._replace(digest=B, former=A))

    await store.put_key(stored._replace(digest=C, former=B))

    assert await store.key_of(A) is None


async def test_an_ended_former_secret_is_free_again(store: Store) -> None:
    stored = await store.put_key(key("alice", A, former=B))

    await store.put_key(stored._replace(former=b""))

    assert await store.key_of(B) is None
    assert await store.put_key(key("bob", B))


async def test_a_key_can_get_its_former_secret_back(store: Store) -> None:
    stored = await store.put_key(key("alice", A, former=B))

    swapped = await store.put_key(stored._replace(digest=B, former=A))

    assert [swapped, swapped] == [await store.key_of(A), await store.key_of(B)]


@pytest.mark.parametrize(
    "second",
    [
        key("alice", C),
        key("bob", A),
        key("bob", B),
        key("bob", C, former=A),
        key("bob", C, former=B),
        key("bob", C, version=1),
    ],
    ids=["name", "digest", "former as digest", "digest as former", "former", "gone"],
)
async def test_what_belongs_to_another_key_is_taken(store: Store, second) -> None:
    stored = await store.put_key(key("alice", A, former=B))

    with pytest.raises(Taken):
        await store.put_key(second)

    assert [stored] == await store.keys()
    assert await store.key_of(C) is None


async def test_a_key_that_somebody_else_changed_is_taken(store: Store) -> None:
    stored = await store.put_key(key("alice", A))
    changed = await store.put_key(stored._replace(changed=5.0))

    with pytest.raises(Taken):
        await store.put_key(stored._replace(changed=6.0))

    assert changed == await store.key_named("alice")


async def test_of_many_who_make_one_name_one_does(store: Store) -> None:
    made = await asyncio.gather(
        *(store.put_key(key("alice", bytes([number]) * 32)) for number in range(10)), return_exceptions=True
    )

    assert 9 == sum(isinstance(one, Taken) for one in made)
    assert 1 == len(await store.keys())


async def test_a_dropped_key_is_gone_and_all_of_it_is_free(store: Store) -> None:
    await store.put_key(key("alice", A, former=B))

    assert [True, False] == [await store.drop_key("alice"), await store.drop_key("alice")]
    assert [None, None, None] == [await store.key_of(A), await store.key_of(B), await store.key_named("alice")]
    assert [] == await store.keys()
    assert await store.put_key(key("alice", B, former=A))


async def test_a_key_made_anew_under_an_old_name_has_a_version_of_its_own(store: Store) -> None:
    stored = await store.put_key(key("alice", A))
    await store.drop_key("alice")

    again = await store.put_key(key("alice", A))

    assert again.version > stored.version
    with pytest.raises(Taken):
        await store.put_key(stored)


async def test_keys_come_in_the_order_of_their_names_page_by_page(store: Store) -> None:
    names = ["Zoe", "alice", "alice-2", "alice/3", "bob", "ä", "\N{GRINNING FACE}"]
    for number, name in enumerate(reversed(names)):
        await store.put_key(key(name, bytes([number]) * 32))

    assert names == [one.name for one in await store.keys()]
    assert names[:3] == [one.name for one in await store.keys(most=3)]
    assert names[3:5] == [one.name for one in await store.keys(after="alice-2", most=2)]
    assert names[4:] == [one.name for one in await store.keys(after="alice/4")]
    assert [] == await store.keys(after="\N{GRINNING FACE}")


async def test_nothing_changed_where_nothing_was_done(store: Store) -> None:
    version, digests = await store.key_changes(0)

    assert () == digests
    assert Changes(version, ()) == await store.key_changes(version)


async def test_changes_name_the_secrets_that_lead_elsewhere_now(opening: Opened) -> None:
    async with opening() as here, opening() as there:
        stored = await here.put_key(key("alice", A))
        made = await there.key_changes(0)
        await here.put_key(stored._replace(digest=B, former=A))
        rotated = await there.key_changes(made.version)
        await here.put_key(key("bob", C, former=D))
        await here.drop_key("alice")
        await here.drop_key("nobody")
        rest = await there.key_changes(rotated.version)

    assert [{A}, {A, B}, {A, B, C, D}] == [set(one.digests or ()) for one in (made, rotated, rest)]
    assert len(rest.digests or ()) == 4
    assert made.version < rotated.version < rest.version


async def test_a_refused_change_is_none(store: Store) -> None:
    stored = await store.put_key(key("alice", A))

    with pytest.raises(Taken):
        await store.put_key(key("bob", A))

    assert Changes(stored.version, ()) == await store.key_changes(stored.version)


async def test_a_stored_key_says_the_version_from_which_to_ask_on(store: Store) -> None:
    stored = await store.put_key(key("alice", A))

    assert (stored.version, ()) == await store.key_changes(stored.version)


async def test_too_many_changes_are_not_told_one_by_one(store: Store) -> None:
    stored = await store.put_key(key("alice", A))
    first = stored.version
    for _ in range(KEPT_CHANGES + 5):
        stored = await store.put_key(stored)

    assert Changes(stored.version, None) == await store.key_changes(first)
    assert Changes(stored.version, (A,)) == await store.key_changes(stored.version - 3)


async def test_a_version_that_never_was_tells_nothing(store: Store) -> None:
    stored = await store.put_key(key("alice", A))

    assert Changes(stored.version, None) == await store.key_changes(stored.version + 100)
