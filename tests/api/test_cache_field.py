"""The field `cache` of a request."""

import orjson
import pytest

from api.chat import parse
from api.completions import parse as parse_completion
from api.embeddings import parse as parse_embedding
from core.caching import CacheWish
from core.errors import Refusal

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def asked(cache):
    return parse(orjson.dumps({**BODY, "cache": cache})).cache


@pytest.mark.parametrize(
    ("cache", "expected"),
    [
        (None, None),
        ({}, CacheWish()),
        ({"ttl": None}, CacheWish()),
        ({"ttl": 5}, CacheWish(ttl=5)),
        ({"ttl": 0.5}, CacheWish(ttl=0.5)),
        ({"ttl": "1.5h"}, CacheWish(ttl=5400)),
        ({"ttl": "250ms"}, CacheWish(ttl=0.25)),
        ({"scope": "team", "refresh": True}, CacheWish(scope="team", refresh=True)),
        ({"only": True, "pace": True}, CacheWish(only=True, pace=True)),
        ({"tags": "a"}, CacheWish(tags=("a",))),
        ({"tags": ["a", "b"]}, CacheWish(tags=("a", "b"))),
    ],
)
def test_what_is_wished(cache, expected):
    assert expected == asked(cache)


@pytest.mark.parametrize(
    ("cache", "param", "code"),
    [
        (5, "cache", "invalid_type"),
        ({"ttl": "5"}, "cache.ttl", "invalid_value"),
        ({"ttl": "soon"}, "cache.ttl", "invalid_value"),
        ({"ttl": []}, "cache.ttl", "invalid_value"),
        ({"ttl": True}, "cache.ttl", "invalid_value"),
        ({"ttl": -1}, "cache.ttl", "invalid_value"),
        ({"ttl": 1e300}, "cache.ttl", "invalid_value"),
        ({"scope": "all"}, "cache.scope", "invalid_value"),
        ({"scope": ["key"]}, "cache.scope", "invalid_value"),
        ({"refresh": 1}, "cache.refresh", "invalid_value"),
        ({"tags": []}, "cache.tags", None),
        ({"tags": [1]}, "cache.tags", "invalid_value"),
        ({"tags": ["x" * 300]}, "cache.tags", "invalid_value"),
        ({"life": 1}, "cache.life", "unknown_parameter"),
    ],
)
def test_what_can_not_be_meant_is_refused_by_name(cache, param, code):
    if code is None:
        assert () == asked(cache).tags
        return
    with pytest.raises(Refusal) as refused:
        asked(cache)

    assert (400, param, code) == (refused.value.status, refused.value.param, refused.value.code)


def test_all_endpoints_have_it():
    completion = parse_completion(orjson.dumps({"model": "m", "prompt": "x", "cache": {"ttl": 1}}))
    embedding = parse_embedding(orjson.dumps({"model": "m", "input": "x", "cache": {"only": True}}))

    assert (CacheWish(ttl=1), CacheWish(only=True)) == (completion.cache, embedding.cache)
    assert parse(orjson.dumps(BODY)).cache is None
