"""Any JSON schema at all is fitted or refused."""

import copy

import orjson
from fitting import ALL, WIDE, fit
from hypothesis import given
from hypothesis import strategies as st

from adapters.schemas import Rules
from core.errors import Refusal

leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
types = st.sampled_from(["object", "string", "array", "integer", "null"])
references = st.sampled_from(["#", "#/$defs/A", "#/$defs/B", "#/properties/a", "#/anyOf/0", "#/nowhere", "x"])


def schemas(inner):
    some = st.lists(inner, max_size=3)
    named = st.dictionaries(st.sampled_from(["a", "b", "A", "B"]), inner, max_size=2)
    values = {
        "type": types | st.lists(types, max_size=3),
        **dict.fromkeys(("properties", "$defs", "definitions", "patternProperties"), named),
        **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), some),
        **dict.fromkeys(("items", "additionalProperties", "not", "if", "then"), inner),
        "$ref": references,
        "required": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        **dict.fromkeys(("enum", "const", "default", "description", "format", "minItems", "nullable", "minimum"), junk),
    }
    return st.fixed_dictionaries({}, optional={name: value | junk for name, value in values.items()})


any_schema = st.recursive(st.booleans() | st.just({}), schemas, max_leaves=12).filter(lambda one: isinstance(one, dict))
any_rules = st.builds(
    Rules,
    keep=st.frozensets(st.sampled_from(sorted(WIDE.keep))),
    formats=st.none() | st.just(frozenset({"a"})),
    closed=st.booleans(),
    inline=st.booleans(),
    describe=st.booleans(),
    nullable=st.booleans(),
    upper=st.booleans(),
    least_items=st.none() | st.just(1),
)
MAPS = {"properties", "$defs", "definitions", "patternProperties"}


def nodes(made):
    """Every schema in *made*."""
    yield made
    for name, value in made.items():
        inner = value.values() if name in MAPS and isinstance(value, dict) else ()
        if name in {"anyOf", "oneOf", "allOf", "prefixItems"} and isinstance(value, list):
            inner = value
        elif name in {"items", "additionalProperties", "not", "if", "then"}:
            inner = (value,)
        for one in inner:
            if isinstance(one, dict):
                yield from nodes(one)


@given(any_schema, st.sampled_from(list(ALL.values())) | any_rules)
def test_any_schema_is_fitted_or_refused_and_is_the_same_every_time(schema, rules):
    before = copy.deepcopy(schema)
    try:
        made = fit(schema, rules)
    except Refusal as refused:
        assert (refused.status, refused.param) == (400, "tools.0.function.parameters")
        assert schema == before
        return

    own = {"description"} if rules.describe else set()
    own |= {"additionalProperties"} if rules.closed else set()
    assert schema == before
    assert orjson.dumps(made) == orjson.dumps(fit(copy.deepcopy(schema), rules))
    for node in nodes(made):
        assert set(node) <= rules.keep | own
        if rules.inline:
            assert not isinstance(node.get("$ref"), str)
        if rules.closed and isinstance(node.get("type"), str) and node["type"].lower() == "object":
            assert node["additionalProperties"] is False
        if rules.nullable and "type" in node:
            assert isinstance(node["type"], str)
