"""What makes two calls the same."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.chat import parse
from cache.fingerprint import IRRELEVANT, fingerprint, partition, question, whose

WAY = b"way"
ALICE = ("key", "alice", "00")
BODY = {
    "model": "m",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How many?"}],
    "temperature": 0.5,
    "max_tokens": 10,
    "seed": 1,
    "stop": ["x"],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "response_format": {"type": "json_object"},
    "user": "u-1",
    "unheard_of": {"a": [1, 2]},
}
JSON = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def mark(body, owner=ALICE, way=WAY):
    return fingerprint(parse(orjson.dumps(body)), owner, way)


CHANGES = {
    "model": "n",
    "messages": [*BODY["messages"][:1], {"role": "user", "content": "How much?"}],
    "temperature": 0.6,
    "max_tokens": 11,
    "seed": 2,
    "stop": ["y"],
    "tools": [{"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}],
    "response_format": {"type": "text"},
    "user": "u-2",
    "unheard_of": {"a": [1, 3]},
}


@pytest.mark.parametrize("name", BODY)
def test_another_value_of_any_field_makes_another_call(name):
    assert mark(BODY) != mark({**BODY, name: CHANGES[name]})


@pytest.mark.parametrize("name", set(BODY) - {"model", "messages"})
def test_a_field_that_is_missing_makes_another_call(name):
    assert mark(BODY) != mark({key: value for key, value in BODY.items() if key != name})


@settings(max_examples=60, deadline=None)
@given(name=st.text(min_size=1, max_size=20), value=JSON, other=JSON)
def test_any_field_nobody_heard_of_counts(name, value, other):
    name = f"x_{name}"

    same = orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)

    assert same == (mark({**BODY, name: value}) == mark({**BODY, name: other}))


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(list(BODY)), turned=st.booleans())
def test_the_order_of_fields_does_not_count(order, turned):
    messages = [dict(sorted(one.items(), reverse=turned)) for one in BODY["messages"]]

    assert mark(BODY) == mark({**{name: BODY[name] for name in order}, "messages": messages})


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=30), other=st.text(max_size=30))
def test_any_other_text_is_another_call(text, other):
    ones = [mark({**BODY, "messages": [{"role": "user", "content": one}]}) for one in (text, other)]

    assert (text == other) == (ones[0] == ones[1])


@pytest.mark.parametrize(
    "more",
    [
        {"stream": True},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"cache": {"ttl": 5, "tags": ["a"], "refresh": True}},
        {"metadata": {"trace": "1"}},
        {"prompt_cache_key": "k"},
        {"routing": {"session": "s", "max_cost_usd": 1, "max_latency_ms": 5, "budget_remaining_usd": 2}},
        {"routing": {}},
        {"top_p": None},
    ],
)
def test_what_changes_no_answer_makes_no_other_call(more):
    assert mark(BODY) == mark({**BODY, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"routing": {"prefer": ["p"]}},
        {"routing": {"avoid": ["p"]}},
        {"routing": {"local": True}},
        {"routing": {"local": False}},
        {"routing": {"strategy": "cost"}},
        {"routing": {"task": "coding"}},
        {"routing": {"capability": ["vision"]}},
        {"models": ["n"]},
    ],
)
def test_who_may_answer_does(more):
    assert mark(BODY) != mark({**BODY, **more})


def test_the_order_of_a_schemas_properties_counts_since_models_follow_it():
    def schema(*names):
        properties = {name: {"type": "string"} for name in names}
        return {**BODY, "response_format": {"type": "json_schema", "json_schema": {"properties": properties}}}

    assert mark(schema("a", "b")) != mark(schema("b", "a"))


def test_scope_and_way_are_part_of_it():
    bob = ("key", "bob", "01")

    assert 3 == len({mark(BODY), mark(BODY, owner=bob), mark(BODY, way=b"another")})


def test_what_cannot_be_written_in_one_way_has_none():
    call = parse(orjson.dumps(BODY))

    assert fingerprint(call._replace(body={**BODY, "seed": 2**70}), ALICE, WAY) is None
    assert fingerprint(call._replace(body={**BODY, "user": "\ud800"}), ALICE, WAY) is None


@pytest.mark.parametrize(
    ("scope", "team", "expected"),
    [
        ("key", "lab", ("key", "a", "01")),
        ("team", "lab", ("team", "lab")),
        ("team", None, ("key", "a", "01")),
        ("service", "lab", ("service",)),
    ],
)
def test_who_shares_an_answer(scope, team, expected):
    assert expected == whose(scope, key="a", digest=b"\x01", team=team)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({"role": "user", "content": "hi"}, "hi"),
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}, None),
        ({"role": "user", "content": "hi", "name": "x"}, None),
        ({"role": "assistant", "content": "hi"}, None),
        ({"role": "user", "content": "  "}, None),
    ],
)
def test_a_question_is_the_last_turn_in_plain_text(last, expected):
    assert expected == question(parse(orjson.dumps({**BODY, "messages": [BODY["messages"][0], last]})))


def test_a_partition_holds_all_but_the_question():
    def part(text, before="Be brief.", **more):
        messages = [{"role": "system", "content": before}, {"role": "user", "content": text}]
        return partition(parse(orjson.dumps({**BODY, "messages": messages, **more})), ALICE, WAY)

    assert part("How many?") == part("How much?")
    assert 4 == len({part("a"), part("a", before="Be long."), part("a", temperature=1), part("a", tools=[])})
    assert part("a") != mark({**BODY, "messages": BODY["messages"][:1]})


def test_wishes_are_read_from_their_own_place():
    assert {"routing", "models", "cache"} <= IRRELEVANT
