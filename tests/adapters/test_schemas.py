"""JSON schemas in the words of providers."""

import orjson
import pytest
from fitting import ALL, CLOSED, INLINE, PLAIN, WIDE, WORDS, fit

from adapters.schemas import Rules
from core.errors import Refusal


def refusal(schema, rules=PLAIN):
    with pytest.raises(Refusal) as refused:
        fit(schema, rules)
    assert (refused.value.status, refused.value.param) == (400, "tools.0.function.parameters")
    return refused.value.message


@pytest.mark.parametrize("schema", [{}, {"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}])
@pytest.mark.parametrize("rules", [PLAIN, CLOSED, WIDE], ids=["plain", "closed", "wide"])
def test_what_is_known_stands(rules, schema):
    assert schema == fit(schema, rules)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "minimum": 1}, {"type": "integer", "description": "minimum: 1"}),
        (
            {"type": "string", "pattern": "^a$", "maxLength": 2, "description": "d"},
            {"type": "string", "description": 'd (maxLength: 2, pattern: "^a$")'},
        ),
        ({"title": "T", "$schema": "s", "default": 1, "examples": [1]}, {}),
        ({"additionalProperties": False}, {}),
        ({"additionalProperties": True}, {}),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {"type": "object", "description": 'additionalProperties: {"type":"integer"}'},
        ),
        (
            {"properties": {"a": True, "b": {"minimum": 1}}},
            {"properties": {"a": {}, "b": {"description": "minimum: 1"}}},
        ),
        ({"items": {"minimum": 1}}, {"items": {"description": "minimum: 1"}}),
        (
            {"items": [{"type": "string"}, {"type": "integer"}]},
            {"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        ),
        ({"items": []}, {"items": {}}),
        ({"items": True}, {"items": True}),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"oneOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}]}),
        (
            {"oneOf": [{"type": "string"}], "anyOf": [{"type": "string"}]},
            {"anyOf": [{"type": "string"}], "description": 'oneOf: [{"type":"string"}]'},
        ),
        ({"$ref": 5}, {"description": "$ref: 5"}),
        ({"properties": []}, {"properties": []}),
        ({"anyOf": {}}, {"anyOf": {}}),
    ],
)
def test_what_is_not_known_is_said_in_words(schema, expected):
    assert expected == fit(schema)


def test_nothing_is_said_where_words_are_not_wanted():
    assert fit({"type": "string", "maxLength": 2}, PLAIN._replace(describe=False)) == {"type": "string"}


def test_options_that_nobody_knows_are_no_items():
    assert fit({"items": [{"type": "string"}]}, Rules(keep=frozenset({"items"}))) == {"items": {}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object"}, {"type": "object", "additionalProperties": False}),
        ({"properties": {}}, {"properties": {}, "additionalProperties": False}),
        ({"type": ["object", "null"]}, {"type": ["object", "null"], "additionalProperties": False}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "object", "additionalProperties": True}, {"type": "object", "additionalProperties": False}),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {
                "type": "object",
                "additionalProperties": False,
                "description": 'additionalProperties: {"type":"integer"}',
            },
        ),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": "string", "format": "uri"}, {"type": "string", "description": 'format: "uri"'}),
        ({"type": "string", "format": {}}, {"type": "string", "description": "format: {}"}),
        ({"type": "array", "minItems": 1}, {"type": "array", "minItems": 1}),
        ({"type": "array", "minItems": 2}, {"type": "array", "description": "minItems: 2"}),
        ({"type": "array", "minItems": "1"}, {"type": "array", "description": 'minItems: "1"'}),
        ({"const": "a"}, {"const": "a"}),
        ({"definitions": {"A": {}}}, {"$defs": {"A": {}}}),
        ({"definitions": {"A": {}}, "$defs": {"B": {}}}, {"$defs": {"A": {}, "B": {}}}),
        (
            {"items": {"$ref": "#/definitions/A"}, "definitions": {"A": {"allOf": [{"$ref": "#/definitions/A"}]}}},
            {"items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"$ref": "#/$defs/A"}}},
        ),
        ({"definitions": []}, {}),
        ({"definitions": {}, "$defs": []}, {"$defs": []}),
        (
            {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}},
            {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "additionalProperties": False}}},
        ),
    ],
)
def test_objects_may_have_to_be_closed_and_values_to_be_few(schema, expected):
    assert expected == fit(schema, CLOSED)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"type": "STRING"}),
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": ["string"]}, {"type": "STRING"}),
        ({"type": ["null"]}, {"type": "NULL", "nullable": True}),
        ({"type": []}, {"description": "type: []"}),
        ({"type": 5}, {"description": "type: 5"}),
        (
            {"type": ["string", "integer", "null"]},
            {"nullable": True, "anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]},
        ),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}),
        (
            {"type": ["string", "integer"], "anyOf": [{"minLength": 1}]},
            {"anyOf": [{"description": "minLength: 1"}], "description": 'type: ["string","integer"]'},
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"nullable": True, "anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]},
        ),
        ({"anyOf": [{"type": "null"}]}, {"type": "NULL"}),
        ({"anyOf": [True, {"type": "null"}]}, {"nullable": True, "anyOf": [{}]}),
        ({"anyOf": [{"const": "a"}, {"type": "null"}]}, {"enum": ["a"], "nullable": True}),
        (
            {"anyOf": [{"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "null"}]},
            {"type": "STRING", "nullable": True},
        ),
        (
            {
                "properties": {"a": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}], "description": "d"}},
                "$defs": {"A": {"type": "object", "properties": {"b": {"type": "string"}}, "description": "e"}},
            },
            {
                "properties": {
                    "a": {
                        "type": "OBJECT",
                        "properties": {"b": {"type": "STRING"}},
                        "description": "d",
                        "nullable": True,
                    }
                }
            },
        ),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"enum": [1]}}}, {"enum": [1]}),
        ({"$ref": "#/$defs/a~1b%20c~01", "$defs": {"a/b c~1": {"enum": [1]}}}, {"enum": [1]}),
        (
            {"anyOf": [{"enum": [1]}, {"$ref": "#/anyOf/0"}]},
            {"anyOf": [{"enum": [1]}, {"enum": [1]}]},
        ),
        (
            {"$ref": "#/$defs/A", "properties": {"b": {}}, "$defs": {"A": {"properties": {"a": {}}}}},
            {"properties": {"a": {}, "b": {}}},
        ),
        (
            {
                "properties": {"a": {"allOf": [{"$ref": "#/$defs/A"}], "description": "d"}},
                "$defs": {"A": {"enum": [1]}},
            },
            {"properties": {"a": {"enum": [1], "description": "d"}}},
        ),
    ],
)
def test_references_may_have_to_be_put_in_place_and_null_be_said_otherwise(schema, expected):
    assert expected == fit(schema, INLINE)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "string"}},
                "allOf": [{"required": ["b", "a"], "properties": {"b": {"type": "integer"}}}, True],
            },
            {
                "type": "object",
                "required": ["a", "b"],
                "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
            },
        ),
        (
            {
                "allOf": [{"$ref": "#/$defs/A"}, {"enum": [1]}],
                "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"type": "integer"}},
            },
            {"type": "integer", "enum": [1]},
        ),
        (
            {"allOf": [{"allOf": [{"type": "string"}, {"allOf": "?"}]}, {"description": "d"}]},
            {"type": "string", "description": "d"},
        ),
        ({"allOf": [{"type": "string"}], "type": "string"}, {"type": "string"}),
        # What contradicts or can't be one is not left out in silence.
        (
            {"anyOf": [{"type": "string"}], "allOf": [{"anyOf": [{"enum": ["a"]}]}]},
            {"anyOf": [{"type": "string"}], "description": 'allOf: [{"anyOf":[{"enum":["a"]}]}]'},
        ),
        (
            {"properties": {"a": {"type": "string"}}, "allOf": [{"properties": {"a": {"enum": ["x"]}}}]},
            {"properties": {"a": {"type": "string", "enum": ["x"]}}},
        ),
        (
            {"properties": {"a": {"enum": [1]}, "b": {}}, "allOf": [{"properties": {"a": {"enum": [1]}, "c": {}}}]},
            {"properties": {"a": {"enum": [1]}, "c": {}, "b": {}}},
        ),
        ({"allOf": 5}, {"description": "allOf: 5"}),
        (
            {"allOf": [{"properties": 5}], "properties": {}},
            {"properties": {}, "description": 'allOf: [{"properties":5}]'},
        ),
        (
            {"allOf": [{"required": 5}], "required": ["a"]},
            {"required": ["a"], "description": 'allOf: [{"required":5}]'},
        ),
    ],
)
def test_what_must_all_hold_becomes_one(schema, expected):
    assert expected == fit(schema)


def test_parts_that_must_all_hold_are_kept_where_they_are_known():
    schema = {
        "allOf": [{"$ref": "#/$defs/A"}, {"allOf": [{"minimum": 1}]}],
        "$defs": {"A": {"allOf": [{"maximum": 2}]}},
    }

    assert schema == fit(schema, WIDE)


def test_references_with_parts_of_their_own_keep_both():
    rules = INLINE._replace(keep=WORDS | {"allOf", "minimum", "maximum"})
    schema = {"$ref": "#/$defs/A", "allOf": [{"minimum": 1}], "$defs": {"A": {"allOf": [{"maximum": 2}]}}}

    assert fit(schema, rules) == {"allOf": [{"minimum": 1}, {"maximum": 2}]}


def test_definitions_of_both_parts_are_there():
    schema = {"allOf": [{"$defs": {"B": {}}}, {"type": "object"}], "$defs": {"A": {}}}

    assert fit(schema, CLOSED)["$defs"] == {"A": {}, "B": {}}


TREE = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Tree"}}}
RECURSIVE = {
    "itself": {"$ref": "#"},
    "by name": {"$ref": "#/$defs/Tree", "$defs": {"Tree": TREE}},
    "over two": {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}},
    "as a part": {
        "$ref": "#/$defs/Tree",
        "$defs": {"Tree": {"properties": {"child": {"allOf": [{"$ref": "#/$defs/Tree"}], "description": "d"}}}},
    },
    "as two parts": {
        "$ref": "#/$defs/Tree",
        "$defs": {"Tree": {"properties": {"child": {"allOf": [{"$ref": "#/$defs/Tree"}, {"title": "t"}]}}}},
    },
    "a part of itself": {"allOf": [{"$ref": "#"}, {"title": "t"}]},
    "a part by name": {"allOf": [{"$ref": "#/$defs/A"}, {"title": "t"}], "$defs": {"A": {"$ref": "#/$defs/A"}}},
    "optional": {
        "$ref": "#/$defs/Tree",
        "$defs": {"Tree": {"properties": {"child": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}}}},
    },
}


@pytest.mark.parametrize("schema", RECURSIVE.values(), ids=RECURSIVE)
def test_recursion_has_no_place_where_references_have_none(schema):
    message = refusal(schema, INLINE)

    assert "refers to itself" in message or "nested too deeply" in message


@pytest.mark.parametrize("name", ["itself", "by name", "over two", "as a part", "optional"])
def test_recursion_is_kept_where_references_are(name):
    found = fit(RECURSIVE[name], CLOSED)

    assert b"$ref" in orjson.dumps(found)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "https://x.test/schema"}, "The schema refers to another document."),
        ({"$ref": "#/$defs/A"}, "The schema refers to '#/$defs/A', which isn't there."),
        ({"$ref": "#/anyOf/1", "anyOf": [{}]}, "The schema refers to '#/anyOf/1', which isn't there."),
        ({"$ref": "#/anyOf/x", "anyOf": [{}]}, "The schema refers to '#/anyOf/x', which isn't there."),
        ({"properties": {"a": False}}, "The schema holds a schema that is no object."),
        ({"properties": {"a": 5}}, "The schema holds a schema that is no object."),
        ({"anyOf": ["string"]}, "The schema holds a schema that is no object."),
        ({"allOf": [False]}, "The schema holds a schema that is no object."),
    ],
)
def test_what_means_nothing_is_refused(schema, message):
    assert message == refusal(schema, INLINE)


def nested(levels, wrap):
    schema = {"type": "string"}
    for _ in range(levels):
        schema = wrap(schema)
    return schema


@pytest.mark.parametrize("rules", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: {"items": inner},
        lambda inner: {"allOf": [inner, {"minimum": 1}]},
        lambda inner: {"properties": {"a": inner}},
        lambda inner: {"unknown": inner},
    ],
    ids=["items", "parts", "properties", "unknown"],
)
def test_depth_is_refused_and_never_breaks_us(rules, wrap):
    if rules is WIDE and "unknown" in wrap(None):
        assert fit(nested(900, wrap), rules) == {}
    else:
        assert "nested too deeply" in refusal(nested(900, wrap), rules)


@pytest.mark.parametrize("opened", [20, 600])
def test_options_within_options_are_opened_however_many(opened):
    schema = nested(opened, lambda inner: {"anyOf": [inner, {"type": "null"}]})

    assert fit(schema, INLINE) == {"type": "STRING", "nullable": True}


def test_a_wide_schema_is_refused():
    assert "too large" in refusal({"properties": {f"p{number}": {"type": "string"} for number in range(20_001)}})


def test_a_few_lines_can_not_become_gigabytes():
    words = {"enum": ["x" * 100_000]}
    schema = {"properties": {f"p{number}": {"$ref": "#/$defs/A"} for number in range(10_000)}, "$defs": {"A": words}}

    assert refusal(schema, INLINE) == "The schema is too large for this provider."


def test_references_that_double_each_time_are_refused():
    doubling = {
        f"L{level}": {"properties": {key: {"$ref": f"#/$defs/L{level + 1}"} for key in "ab"}} for level in range(40)
    }

    assert "too large" in refusal({"$ref": "#/$defs/L0", "$defs": {**doubling, "L40": {}}}, INLINE)
