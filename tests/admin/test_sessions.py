"""Operators' sessions: a cookie that can't be made up, a token beside it, and an end."""

import pytest

from admin.sessions import ADDRESSES, COOKIE, LASTS, TOKEN, TRIES, WHILE, Sessions
from core.errors import Refusal
from core.secret import Secret

KEY = "the-key-of-the-operator"


class World:
    """What a Sessions is given: the key of the moment, the time, and chance that is known."""

    def __init__(self) -> None:
        self.key: Secret | None = Secret(KEY)
        self.now = 1_000_000.0
        self.count = 0
        self.sessions = Sessions(lambda: self.key, clock=lambda: self.now, random=self.random)

    def random(self) -> str:
        self.count += 1
        return f"chance-{self.count}"


@pytest.fixture
def world():
    return World()


def sent(session, **more):
    return {"cookie": f"{COOKIE}={session.cookie}", **more}


def test_whoever_shows_the_admin_key_is_known_by_a_cookie(world):
    session = world.sessions.begin(KEY, "here")

    assert session == world.sessions.of(sent(session))
    assert f"Bearer {KEY}" == world.sessions.authorization("GET", sent(session))


@pytest.mark.parametrize(
    "other",
    ['prefs={"a": 1}', "a=b c", "=x", "x", "path=/", "a[]=1", "a=\u00fc", f"{COOKIE}=old", f"{COOKIE}=1.2.3", ""],
)
def test_what_others_on_this_host_have_set_is_no_hindrance(world, other):
    session = world.sessions.begin(KEY, "here")
    ours = f"{COOKIE}={session.cookie}"

    for cookies in (f"{other}; {ours}", f"{ours}; {other}", f"{ours};{other};"):
        assert session == world.sessions.of({"cookie": cookies})


def test_neither_cookie_nor_token_tells_the_key(world):
    session = world.sessions.begin(KEY, "here")

    assert KEY not in session.cookie + session.token
    assert session.token not in session.cookie


def test_two_sessions_have_nothing_in_common(world):
    first, second = (world.sessions.begin(KEY, "here") for _ in range(2))

    assert first.cookie != second.cookie
    assert first.token != second.token


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cookie: "",
        lambda cookie: cookie[:-1],
        lambda cookie: cookie + "0",
        lambda cookie: cookie.replace("1", "9", 1),
        lambda cookie: cookie.split(".", 1)[1],
        lambda cookie: "9" * 400 + ".x.y",
        lambda cookie: "é.x.y",
        lambda cookie: '"; =\\',
        lambda cookie: cookie.swapcase(),
    ],
)
def test_a_cookie_that_was_changed_is_nobodys(world, spoil):
    session = world.sessions.begin(KEY, "here")

    assert world.sessions.of({"cookie": f"{COOKIE}={spoil(session.cookie)}"}) is None


def test_other_cookies_are_left_alone(world):
    session = world.sessions.begin(KEY, "here")

    assert session == world.sessions.of({"cookie": f"a=b; {COOKIE}={session.cookie}; c=d"})
    assert world.sessions.authorization("GET", {"cookie": "a=b"}) is None
    assert world.sessions.authorization("GET", {}) is None


def test_a_session_ends_by_itself(world):
    session = world.sessions.begin(KEY, "here")

    world.now += LASTS + 1

    assert world.sessions.of(sent(session)) is None


@pytest.mark.parametrize("key", [Secret("another"), Secret(""), None])
def test_a_session_ends_with_its_key(world, key):
    session = world.sessions.begin(KEY, "here")

    world.key = key

    assert world.sessions.of(sent(session)) is None


def test_a_session_that_was_given_back_is_over_and_others_go_on(world):
    first, second = (world.sessions.begin(KEY, "here") for _ in range(2))

    world.sessions.end(first)

    assert world.sessions.of(sent(first)) is None
    assert second == world.sessions.of(sent(second))


def test_another_process_with_the_same_key_knows_the_session(world):
    session = world.sessions.begin(KEY, "here")

    other = Sessions(lambda: world.key, clock=lambda: world.now)

    assert session == other.of(sent(session))


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_what_changes_something_needs_the_token(world, method):
    session = world.sessions.begin(KEY, "here")

    with pytest.raises(Refusal) as refused:
        world.sessions.authorization(method, sent(session))

    assert refused.value.status == 403
    assert f"Bearer {KEY}" == world.sessions.authorization(method, sent(session, **{TOKEN: session.token}))


@pytest.mark.parametrize("more", [{TOKEN: "wrong"}, {TOKEN: "é"}, {"sec-fetch-site": "cross-site"}])
def test_another_sites_page_changes_nothing(world, more):
    session = world.sessions.begin(KEY, "here")

    with pytest.raises(Refusal) as refused:
        world.sessions.authorization("POST", sent(session, **{TOKEN: session.token, **more}))

    assert refused.value.code == "csrf_token_invalid"


def test_the_token_of_another_session_is_none(world):
    first, second = (world.sessions.begin(KEY, "here") for _ in range(2))

    with pytest.raises(Refusal):
        world.sessions.authorization("POST", sent(first, **{TOKEN: second.token}))


def guess(world, address="here", key="wrong"):
    with pytest.raises(Refusal) as refused:
        world.sessions.begin(key, address)
    return refused.value


def test_who_guesses_is_held_back_even_with_the_right_key(world):
    assert [401] * TRIES == [guess(world).status for _ in range(TRIES)]

    refused = guess(world, key=KEY)

    assert (429, str(int(WHILE) + 1)) == (refused.status, refused.headers["retry-after"])


def test_others_are_not_held_back_with_them(world):
    for _ in range(TRIES):
        guess(world)

    assert world.sessions.begin(KEY, "elsewhere")


def test_whoever_waited_may_try_again(world):
    for _ in range(TRIES):
        guess(world)

    world.now += WHILE + 1

    assert world.sessions.begin(KEY, "here")


def test_a_good_login_forgives_what_was_mistyped_before(world):
    for _ in range(TRIES - 1):
        guess(world)
    world.sessions.begin(KEY, "here")

    assert 401 == guess(world).status


def test_only_so_many_addresses_are_remembered(world):
    for number in range(ADDRESSES + 50):
        guess(world, address=str(number))

    assert ADDRESSES == len(world.sessions._wrong)


def test_without_an_admin_key_nobody_comes_in(world):
    world.key = None

    assert "admin_key_not_set" == guess(world).code
