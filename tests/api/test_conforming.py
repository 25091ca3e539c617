"""Values against JSON schemas, as structured outputs use them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.conforming import conforms

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]}},
    "required": ["name"],
    "additionalProperties": False,
}
TREE = {
    "$defs": {
        "node": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}
    },
    "$ref": "#/$defs/node",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        ({"name": "a"}, PERSON, True),
        ({"name": "a", "age": None}, PERSON, True),
        ({"name": "a", "age": 3.0}, PERSON, True),
        ({"name": "a", "age": 3.5}, PERSON, False),
        ({"age": 3}, PERSON, False),
        ({"name": "a", "more": 1}, PERSON, False),
        ([], PERSON, False),
        ({"next": {"next": None}}, TREE, True),
        ({"next": {"next": 3}}, TREE, False),
        (True, {"type": "integer"}, False),
        (True, {"type": "boolean"}, True),
        (1, {"type": "number"}, True),
        (1e300, {"type": "integer"}, True),
        ("a", {"type": "string"}, True),
        (None, {"type": "null"}, True),
        ([1, 2], {"type": "array", "items": {"type": "integer"}}, True),
        ([1, "b"], {"type": "array", "items": {"type": "integer"}}, False),
        ([1, "b"], {"type": "array"}, True),
        ("b", {"enum": ["a", "b"]}, True),
        (1, {"enum": [True]}, False),
        (2, {"const": 2}, True),
        (3, {"const": 2}, False),
        (3, {"allOf": [{"type": "integer"}, {"type": "string"}]}, False),
        (3, {"oneOf": [{"type": "integer"}, {"type": "number"}]}, False),
        (3, {"oneOf": [{"type": "integer"}, {"type": "string"}]}, True),
        ({"x1": 3}, {"patternProperties": {"x.": {}}, "additionalProperties": False}, True),
        ({"x": 3}, {"additionalProperties": {"type": "string"}}, False),
        ({"x": 3}, {"properties": "none", "required": "none"}, True),
        (3, {"type": "unheard-of"}, True),
        (3, {"type": {"odd": 1}}, True),
        (3, {"$ref": "https://example.com/schema"}, True),
        (3, {"$ref": "#/$defs/lost"}, True),
        (3, {"$ref": 7}, True),
        (3, True, True),
        (3, False, False),
        (3, {"$ref": "#"}, True),
    ],
)
def test_a_value_and_a_schema(value, schema, expected):
    assert expected == conforms(value, schema)


def test_a_value_deeper_than_anybody_looks_is_taken_as_it_is():
    schema = {"items": {"$ref": "#"}, "type": "array"}
    value: object = 7
    for _ in range(200):
        value = [value]

    assert conforms(value, schema)


@given(JSON, JSON)
def test_no_value_and_no_schema_is_too_odd(value, schema):
    assert conforms(value, schema) in {True, False}
