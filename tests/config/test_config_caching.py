"""Which answers are kept, as it is written."""

import pytest

from core.caching import NO_CACHE, CacheWish, Caching, Room, Semantic, narrowed, narrowest
from routing.joined import joined

WAYS = "providers: {openai: {api_key: k}, demo: {}}\n"


def written(cache, defaults="", more=""):
    default = f"defaults: {{cache: {defaults}}}\n" if defaults else ""
    return f"{WAYS}{default}{more}routes: {{e: demo/echo, m: {{chain: demo/echo, cache: {cache}}}}}\n"


@pytest.mark.parametrize(
    ("cache", "defaults", "expected"),
    [
        ("10m", "", Caching(ttl=600)),
        ("false", "", NO_CACHE),
        ("off", "1h", NO_CACHE),
        ("", "1h", Caching(ttl=3600)),
        ("{}", "{ttl: 1h, scope: team}", Caching(ttl=3600, scope="team")),
        ("{ttl: 5m}", "{ttl: 1h, scope: team, stale: 1d}", Caching(ttl=300, scope="team", stale=86400)),
        ("5m", "{ttl: 1h, scope: service}", Caching(ttl=300, scope="service")),
        ("{ttl: 0}", "1h", Caching(ttl=0)),
        (
            "{ttl: 1h, semantic: {route: e, threshold: 0.9, mode: serve, timeout: 1s, most: 10}}",
            "",
            Caching(ttl=3600, semantic=Semantic(route="e", threshold=0.9, mode="serve", timeout=1, most=10)),
        ),
        (
            "{semantic: {mode: serve}}",
            "{ttl: 1h, semantic: {route: e}}",
            Caching(ttl=3600, semantic=Semantic(route="e", mode="serve")),
        ),
        ("{semantic: off}", "{ttl: 1h, semantic: {route: e}}", Caching(ttl=3600)),
    ],
)
def test_a_route_keeps_what_it_says_and_else_what_the_defaults_say(read, cache, defaults, expected):
    assert expected == read(written(cache, defaults)).routes["m"].cache


@pytest.mark.parametrize(
    ("cache", "message"),
    [
        ("soon", "routes.m.cache: expected a duration such as 30s or 500ms, 0 to 366d, got 'soon'"),
        ("[1h]", "routes.m.cache: expected a duration such as 30s or 500ms, 0 to 366d, got a list"),
        ("{ttl: 1h, scope: world}", "routes.m.cache.scope: expected a scope (key, service, team), got 'world'"),
        ("{ttl: 1h, semantic: {}}", "routes.m.cache.semantic.route: is missing (the route that embeds questions)"),
        ("{ttl: 1h, semantic: {route: f}}", "routes.m.cache.semantic.route: no route is called f"),
        (
            "{ttl: 1h, semantic: {route: e, threshold: 2}}",
            "routes.m.cache.semantic.threshold: expected a number from 0.5 to 1, got 2",
        ),
        ("{life: 1h}", "routes.m.cache: unknown key life"),
    ],
)
def test_what_can_not_be_meant_is_said(problems, cache, message):
    (found,) = problems(written(cache))

    assert message.split(": ", 1)[0].rsplit(".", 1)[0] in found
    assert message.split(": ", 1)[1].split(";")[0] in found


def test_an_embedder_of_the_defaults_is_looked_for_once(problems):
    (found,) = problems(written("1h", "{semantic: {route: nowhere}}"))

    assert "defaults" in found
    assert "no route is called nowhere" in found


def test_a_wildcard_embeds_nothing(problems):
    text = written('{ttl: 1h, semantic: {route: "x-*"}}').replace("routes: {", 'routes: {"x-*": "demo/x-*", ')

    assert ["no route is called x-*"] == [one.split(": ", 2)[2].split(";")[0] for one in problems(text)]


def test_the_room(read):
    config = read(written("1h", more="cache: {max: 1MiB, largest: 1KiB, shared: false, wait: 5m, budget: 5/day}\n"))

    assert Room(max=1 << 20, largest=1024, shared=False, wait=300.0) == config.cache
    assert 5_000_000_000 == config.allowances["cache"].budgets[0].limit
    assert (Room(), False) == (read(written("1h")).cache, "cache" in read(written("1h")).allowances)


@pytest.mark.parametrize(
    ("room", "message"),
    [
        ("{max: 1KiB}", "cache.largest: is more than all that may be kept (max)"),
        ("{budget: {usd: 1, when_spent: e}}", "has no client that could be sent elsewhere; leave out when_spent"),
    ],
)
def test_room_that_can_not_be_meant(problems, room, message):
    found = problems(written("1h", more=f"cache: {room}\n"))

    assert any(message.rsplit(": ", 1)[-1] in one for one in found)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (CacheWish(), (60, "team")),
        (CacheWish(ttl=5), (5, "team")),
        (CacheWish(ttl=500), (60, "team")),
        (CacheWish(scope="key"), (60, "key")),
        (CacheWish(scope="service"), (60, "team")),
    ],
)
def test_a_call_narrows_and_never_widens(wish, expected):
    assert expected == narrowed(Caching(ttl=60, scope="team"), wish)


def test_a_chain_of_the_clients_own_keeps_what_all_its_routes_allow(read):
    routes = read(
        WAYS + "routes: {a: {chain: demo/echo, cache: {ttl: 1h, scope: service, stale: 1h}}, "
        "b: {chain: openai/x, cache: {ttl: 5m, scope: team}}, c: openai/y}"
    ).routes

    assert Caching(ttl=300, scope="team") == joined([routes["a"], routes["b"]]).cache
    assert NO_CACHE == joined([routes["a"], routes["c"]]).cache
    assert routes["a"].cache is narrowest([routes["a"].cache])
