"""How a Redis is named."""

import pytest

from core.secret import Secret
from store.redis_url import Login, Place, read


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://", Place("single", (("127.0.0.1", 6379),))),
        ("redis://cache", Place("single", (("cache", 6379),))),
        ("redis://cache:7000/3", Place("single", (("cache", 7000),), db=3)),
        ("redis://[::1]:7000", Place("single", (("::1", 7000),))),
        ("redis://[::1]", Place("single", (("::1", 6379),))),
        ("redis://cache?prefix=a:", Place("single", (("cache", 6379),), prefix="a:")),
        ("redis://:p%40ss@cache", Place("single", (("cache", 6379),), login=Login(None, Secret("p@ss")))),
        ("redis://me:a:b@cache", Place("single", (("cache", 6379),), login=Login("me", Secret("a:b")))),
        ("rediss://cache", Place("single", (("cache", 6379),), tls={})),
        (
            "rediss://cache?ssl_ca_certs=ca.pem&ssl_check_hostname=false",
            Place("single", (("cache", 6379),), tls={"ssl_ca_certs": "ca.pem", "ssl_check_hostname": False}),
        ),
        ("redis+sentinel://a,b:7/m", Place("sentinel", (("a", 26379), ("b", 7)), master="m")),
        (
            "redis+sentinel://:p@a:1/m%20m/2?sentinel_username=me&sentinel_password=s",
            Place(
                "sentinel",
                (("a", 1),),
                master="m m",
                db=2,
                login=Login(None, Secret("p")),
                sentinel_login=Login("me", Secret("s")),
            ),
        ),
        ("redis+cluster://a:1,b:2", Place("cluster", (("a", 1), ("b", 2)))),
        ("rediss+cluster://a/0", Place("cluster", (("a", 6379),), tls={})),
    ],
)
def test_a_url_says_where_a_redis_is(url: str, place: Place) -> None:
    assert place == read(url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://:hush@cache", "begins with one of"),
        ("cache:6379", "begins with one of"),
        ("redis://:hush@cache:port", "HOST:PORT"),
        ("redis://:hush@cache:70000", "HOST:PORT"),
        ("redis://:hush@:6379", "HOST:PORT"),
        ("redis://:hush@cache/first", "number of its database"),
        ("redis+cluster://:hush@a/1", "no database but 0"),
        ("redis+sentinel://:hush@a", "name of its master"),
        ("redis://:hush@cache?prefix={a}", "no braces"),
        ("redis://:hush@cache?decode=1", "not with decode"),
    ],
)
def test_a_url_that_says_nothing_is_refused_without_showing_it(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        read(url)

    assert "hush" not in str(refused.value)


def test_a_place_shows_no_password() -> None:
    assert "hush" not in repr(read("redis://me:hush@cache?sentinel_password=hush"))
