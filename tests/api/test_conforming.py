"""Whether values fit schemas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.conforming import DEEPEST, MOST, conforms

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "number"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "next"],
        }
    },
}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"name": "Ann", "age": 3}, PERSON),
        ({"name": "Ann"}, PERSON),
        (3.0, {"type": "integer"}),
        (None, {"type": ["string", "null"]}),
        ("b", {"enum": ["a", "b"]}),
        (1, {"const": 1}),
        ([1, "a", "b"], {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}),
        ({"value": 1, "next": {"value": 2, "next": None}}, TREE),
        ({"x": 1}, {"patternProperties": {"x": {}}, "additionalProperties": False}),
        ("anything", {"type": "colour", "pattern": "^[0-9]+$"}),
        ("anything", {"$ref": "#/$defs/missing"}),
        ("anything", {"$ref": "https://example.com/schema"}),
        ("anything", None),
        ("anything", True),
        (5, {"not": {"pattern": "x"}}),
        (3, {"oneOf": [{"type": "integer"}, {"type": "number"}]}),
        (1e300, {"type": "integer"}),
        (3, {"type": {"odd": 1}}),
        ({"x": 3}, {"properties": "none", "required": "none"}),
        ([1, "b"], {"type": "array"}),
        (3, {"$ref": "#anchor", "$anchor": "anchor", "type": "integer"}),
        (3, {"$ref": 7}),
        (3, {"$ref": "#"}),
        (5, {"exclusiveMinimum": 4, "exclusiveMaximum": 6, "minimum": 5, "maximum": 5}),
        ({"a/b": 1}, {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"required": ["a/b"]}}}),
        ([1], {"items": "nonsense", "minItems": "none", "required": "all", "enum": None, "allOf": {}}),
    ],
)
def test_what_fits(value, schema):
    assert conforms(value, schema)


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"age": 3}, PERSON),
        ({"name": "", "age": 3}, PERSON),
        ({"name": "Ann", "age": -1}, PERSON),
        ({"name": "Ann", "size": 1}, PERSON),
        ([], PERSON),
        (True, {"type": "integer"}),
        (3.5, {"type": "integer"}),
        ("c", {"enum": ["a", "b"]}),
        (True, {"const": 1}),
        ([1, 2], {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}),
        ([1, 2, 3], {"maxItems": 2}),
        ({}, {"minProperties": 1}),
        ({"value": 1, "next": {"value": "2", "next": None}}, TREE),
        (1, {"enum": [True]}),
        ({"x": 3}, {"additionalProperties": {"type": "string"}}),
        (5, {"allOf": [{"type": "integer"}, {"minimum": 6}]}),
        (5, {"oneOf": [{"type": "string"}, {"minimum": 6}]}),
        (5, {"exclusiveMinimum": 5}),
        (5, {"exclusiveMaximum": 5}),
        (5, False),
    ],
)
def test_what_does_not(value, schema):
    assert not conforms(value, schema)


def test_a_schema_that_goes_in_circles_has_an_end():
    assert conforms(1, {"$ref": "#"})
    assert conforms(1, {"anyOf": [{"$ref": "#"}] * 8})
    deep = []
    for _ in range(2 * DEEPEST):
        deep = [deep]
    assert conforms(deep, {"items": {"$ref": "#"}})


def test_a_list_of_choices_is_not_searched_for_ever():
    many = [f"{number}" for number in range(MOST)]

    assert not conforms(["no", "no"], {"items": {"enum": many}})
    assert conforms([*many[:2], 5], {"items": {"enum": many, "type": "string"}})
    assert conforms([dict.fromkeys(many, 1), {}], {"items": {"required": many}})


@given(values, values)
def test_any_value_and_any_schema_get_an_answer(value, schema):
    assert conforms(value, schema) in {True, False}


WORDS = ("type", "properties", "required", "items", "anyOf", "not", "$ref", "enum", "minimum", "additionalProperties")


@given(values, st.dictionaries(st.sampled_from(WORDS), values))
def test_nonsense_in_a_schema_breaks_nothing(value, schema):
    assert conforms(value, schema) in {True, False}
