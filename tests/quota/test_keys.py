"""Who is calling, and what their key opens."""

from dataclasses import replace
from hashlib import sha256

import pytest

from config.schema import Key
from core.errors import Refusal
from quota.keys import ANYONE, MOST_REMEMBERED, Keyring

NOW = 1_800_000_000.0


def key(name: str = "alice", secret: str = "secret", **facts: object) -> Key:
    return Key(name=name, digest=sha256(secret.encode()).digest(), **facts)


def refusal(ring: Keyring, authorization: str | None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ring.identify(authorization, NOW)
    return caught.value


@pytest.mark.parametrize("authorization", [None, "", "Bearer secret", "nonsense"])
def test_without_keys_everybody_is_anyone_and_may_use_everything(authorization):
    ring = Keyring([])

    who = ring.identify(authorization, NOW)

    assert ANYONE == who
    assert ring.allows(who.models, "whatever")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer secret", "bearer secret", "BEARER secret", "Bearer  secret", "Bearer secret ", "Bearer \tsecret"],
)
def test_a_key_is_found_by_what_its_holder_sends(authorization):
    ring = Keyring([key("bob", "other"), key("alice", "secret")])

    assert "alice" == ring.identify(authorization, NOW).name


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("secret", None),
        ("Basic secret", None),
        ("Bearer:secret", None),
        ("Bearer ", "invalid_api_key"),
        ("Bearer Secret", "invalid_api_key"),
        ("Bearer secre", "invalid_api_key"),
        ("Bearer secret secret", "invalid_api_key"),
        ("Bearer \udcff", "invalid_api_key"),
        ("Bearer " + "x" * 10_000, "invalid_api_key"),
        ("Bearer " + sha256(b"secret").hexdigest(), "invalid_api_key"),
    ],
)
def test_whatever_else_is_refused(authorization, code):
    refused = refusal(Keyring([key()]), authorization)

    assert (401, code, "invalid_request_error") == (refused.status, refused.code, refused.type)
    assert {"www-authenticate": "Bearer"} == refused.headers
    assert "secre" not in refused.message.lower().replace("authorization", "")


@pytest.mark.parametrize(
    ("facts", "word"),
    [({"disabled": True}, "disabled"), ({"expires": NOW}, "expired"), ({"expires": NOW - 1}, "expired")],
    ids=["disabled", "expires now", "expired"],
)
def test_a_key_that_is_no_longer_good_is_refused(facts, word):
    refused = refusal(Keyring([key(**facts)]), "Bearer secret")

    assert (401, "invalid_api_key") == (refused.status, refused.code)
    assert word in refused.message


def test_a_digest_that_somebody_remembers_finds_the_same_key():
    ring = Keyring([key("bob", "other"), key("alice", "secret")])

    who = ring.identify("Bearer secret", NOW)

    assert who is ring.identify("Bearer secret", NOW, who.digest)


@pytest.mark.parametrize("facts", [{"disabled": True}, {"expires": NOW}, {"digest": b""}], ids=str)
def test_what_somebody_remembers_opens_nothing_that_was_closed_meanwhile(facts):
    """Another ring is that of the next generation."""
    who = Keyring([key()]).identify("Bearer secret", NOW)
    ring = Keyring([replace(key(), **facts)])

    with pytest.raises(Refusal) as caught:
        ring.identify("Bearer secret", NOW, who.digest)

    assert (401, "invalid_api_key") == (caught.value.status, caught.value.code)


def test_who_needed_no_key_is_asked_for_one_where_it_is_needed():
    who = Keyring([]).identify("Bearer other", NOW)

    with pytest.raises(Refusal):
        Keyring([key()]).identify("Bearer other", NOW, who.digest)


def test_a_key_is_good_until_it_expires():
    ring = Keyring([key(expires=NOW + 0.1)])

    assert "alice" == ring.identify("Bearer secret", NOW).name


@pytest.mark.parametrize(
    ("models", "model", "may"),
    [
        ((), "anything", True),
        (("m",), "m", True),
        (("m",), "M", False),
        (("m",), "mm", False),
        (("m", "n"), "n", True),
        (("gpt-*",), "gpt-4", True),
        (("gpt-*",), "gpt-", True),
        (("gpt-*",), "my-gpt-4", False),
        (("*",), "a/b\nc", True),
        (("a/*",), "a/b/c", True),
        (("a/*",), "ab/c", False),
        (("*-mini",), "gpt-4-mini", True),
        (("*-mini",), "gpt-4-mini-2", False),
        (("a*b*c",), "a1b2c", True),
        (("a*b*c",), "acb", False),
        (("m.x",), "max", False),
        (("m|n",), "n", False),
        (("[mn]",), "m", False),
        (("m", "n|"), "", False),
    ],
)
def test_a_list_opens_what_it_names(models, model, may):
    alice = key(models=models)
    ring = Keyring([alice])

    assert may == ring.allows(alice.models, model)
    assert may == ring.allows(alice.models, model)  # from memory


def test_what_one_key_may_says_nothing_about_another():
    alice, bob = key("alice", "a", models=("m",)), key("bob", "b", models=("n",))
    ring = Keyring([alice, bob])

    answers = [ring.allows(who.models, model) for model in "mn" for who in (alice, bob)]

    assert [True, False, False, True] == answers


def test_what_is_remembered_is_bounded():
    alice = key(models=("x*",))
    ring = Keyring([alice])

    for number in range(MOST_REMEMBERED + 10):
        ring.allows(alice.models, f"y{number}")

    assert len(ring._may) <= MOST_REMEMBERED
    assert ring.allows(alice.models, "x1")


@pytest.mark.plain
def test_what_is_remembered_of_lists_is_bounded(monkeypatch):
    monkeypatch.setattr("quota.keys.MOST_REMEMBERED", 10)
    ring = Keyring([key()])

    for number in range(15):
        ring.allows(key(models=(f"m-{number}",)).models, "m-5")

    assert len(ring._allowed) <= 10
    assert ring.allows(key(models=("m-5",)).models, "m-5")
