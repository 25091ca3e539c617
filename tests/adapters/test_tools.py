"""The tools of a call, how freely they may be chosen, and ids in the alphabets of providers."""

import re

import pytest
from asking import asked
from hypothesis import given
from hypothesis import strategies as st

from adapters.fields import Fields
from adapters.tools import Choice, Names, Tool, offer
from api.chat import FIELDS
from api.shape import check
from core.call import Call
from core.errors import Refusal

EMPTY = {"type": "object", "properties": {}}
TEXT = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def offered(**body):
    return offer(Fields(asked(Call("chat", "m", body))))


def function(name="f", **more):
    return {"type": "function", "function": {"name": name, **more}}


def chosen(choice, *names, **more):
    return offered(tools=[function(name) for name in names or ("f", "g")], tool_choice=choice, **more).choice


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (function(), Tool("f", "", EMPTY, strict=False, custom=False, at="tools.0.function")),
        (
            function(description="d", parameters=SCHEMA, strict=True),
            Tool("f", "d", SCHEMA, strict=True, custom=False, at="tools.0.function"),
        ),
        ({"function": {"name": "f"}}, Tool("f", "", EMPTY, strict=False, custom=False, at="tools.0.function")),
        (
            function(description=5, parameters=None, strict=None),
            Tool("f", "", EMPTY, strict=False, custom=False, at="tools.0.function"),
        ),
        (
            {**function(), "cache_control": {"type": "ephemeral"}},
            Tool("f", "", EMPTY, strict=False, custom=False, at="tools.0.function", mark="5m"),
        ),
        (
            function(cache_control={"type": "ephemeral", "ttl": "1h"}),
            Tool("f", "", EMPTY, strict=False, custom=False, at="tools.0.function", mark="1h"),
        ),
        (
            {"type": "custom", "custom": {"name": "run"}},
            Tool("run", "", TEXT, strict=False, custom=True, at="tools.0"),
        ),
        (
            {"type": "custom", "custom": {"name": "run", "description": "d", "format": {"type": "text"}}},
            Tool("run", "d", TEXT, strict=False, custom=True, at="tools.0"),
        ),
        (
            {
                "type": "custom",
                "custom": {"name": "run", "format": {"type": "grammar", "grammar": {"definition": "start: A"}}},
            },
            Tool("run", "Input must match this grammar:\nstart: A", TEXT, strict=False, custom=True, at="tools.0"),
        ),
        (
            {"type": "custom", "custom": {"name": "run", "format": {"type": "grammar", "definition": "start: A"}}},
            Tool("run", "Input must match this grammar:\nstart: A", TEXT, strict=False, custom=True, at="tools.0"),
        ),
        (
            {"type": "custom", "custom": {"name": "run", "format": {"type": "grammar", "grammar": "x"}}},
            Tool("run", "Input must match this grammar:", TEXT, strict=False, custom=True, at="tools.0"),
        ),
    ],
)
def test_a_tool_is_read_in_every_spelling(tool, expected):
    assert (expected,) == offered(tools=[tool]).tools


def test_legacy_functions_are_tools():
    found = offered(functions=[{"name": "f", "parameters": SCHEMA}], function_call={"name": "f"})

    assert found.tools == (Tool("f", "", SCHEMA, strict=False, custom=False, at="functions.0"),)
    assert found.choice == Choice("named", ("f",))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools.0.type"),
        ({"tools": [function(), {"type": 5}]}, "tools.1.type"),
        ({"tools": [{"type": "custom"}]}, "tools.0.type"),
        ({"tools": [{"type": "function"}]}, "tools.0.type"),
        ({"tools": [function(name="")]}, "tools.0.function.name"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools.0.custom.name"),
        ({"tools": [function(parameters=[1])]}, "tools.0.function.parameters"),
        ({"functions": [{}]}, "functions.0.name"),
        ({"tools": [function()], "tool_choice": "maybe"}, "tool_choice"),
        ({"tools": [function()], "tool_choice": {"type": "function"}}, "tool_choice"),
        ({"tools": [function()], "tool_choice": {"type": ["function"], "name": 5}}, "tool_choice"),
        ({"tools": [function()], "tool_choice": function("g")}, "tool_choice"),
        ({"tools": [function()], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}, "tool_choice"),
        ({"tools": [function()], "tool_choice": {"type": "allowed_tools", "tools": []}}, "tool_choice"),
        ({"tools": [function()], "tool_choice": {"type": "allowed_tools", "tools": ["f"]}}, "tool_choice"),
        ({"tools": [function()], "function_call": {"name": None}}, "tool_choice"),
    ],
)
def test_what_means_nothing_is_refused_by_its_path(body, param):
    with pytest.raises(Refusal) as refused:
        offered(**body)

    assert (refused.value.status, refused.value.param) == (400, param)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, Choice("auto")),
        ("auto", Choice("auto")),
        ("none", Choice("none")),
        ("required", Choice("required")),
        (function("g"), Choice("named", ("g",))),
        ({"type": "function", "name": "g"}, Choice("named", ("g",))),
        ({"function": {"name": "g"}}, Choice("named", ("g",))),
        ({"type": "custom", "custom": {"name": "g"}}, Choice("named", ("g",))),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [function("g")]}},
            Choice("required", ("g",)),
        ),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [function("g"), function("f")]},
            Choice("auto", ("g", "f")),
        ),
    ],
)
def test_a_choice_is_read_in_every_spelling(choice, expected):
    assert expected == chosen(choice)


@pytest.mark.parametrize(("legacy", "expected"), [("auto", Choice("auto")), ("none", Choice("none"))])
def test_the_legacy_choice_counts_where_there_is_no_other(legacy, expected):
    assert expected == chosen(None, function_call=legacy)
    assert chosen("required", function_call=legacy) == Choice("required")


@pytest.mark.parametrize("choice", [None, "auto", "required", function("f")])
def test_without_tools_there_is_nothing_to_choose(choice):
    found = offered(tool_choice=choice, parallel_tool_calls=False, tools=[])

    assert (found.tools, found.choice, found.parallel) == ((), Choice("none"), None)


@pytest.mark.parametrize("parallel", [True, False, None])
def test_whether_calls_may_be_parallel_is_said_with_the_tools(parallel):
    assert offered(tools=[function()], parallel_tool_calls=parallel).parallel is parallel


def test_a_choice_narrows_the_tools_down():
    everything = offered(tools=[function("f"), function("g")])
    one = offered(tools=[function("f"), function("g")], tool_choice=function("g"))

    assert [tool.name for tool in everything.allowed] == ["f", "g"]
    assert [tool.name for tool in one.allowed] == ["g"]


def test_nothing_of_it_is_left_in_the_fields():
    fields = Fields(
        asked(Call("chat", "m", {"tools": [], "functions": [], "tool_choice": "auto", "parallel_tool_calls": True}))
    )

    offer(fields)

    assert fields.end() == ()


json = st.recursive(
    st.none() | st.booleans() | st.text(max_size=4) | st.sampled_from(["f", "function", "custom", "allowed_tools"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)
odd = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("type", "function", "custom", "name", "allowed_tools", "tools", "cache_control"), json)
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "tools": st.lists(odd | st.just(function()), max_size=3),
            "functions": st.lists(odd, max_size=2),
            "tool_choice": odd | json,
            "function_call": odd | json,
            "parallel_tool_calls": json,
        },
    )
)
def test_whatever_clients_write_is_read_or_refused(body):
    try:
        check(body, FIELDS)
        found = offered(**body)
    except Refusal as refused:
        assert refused.status == 400
        return

    assert set(found.choice.names) <= {tool.name for tool in found.tools}


# Ids

NINE = re.compile(r"[a-zA-Z0-9]{9}")
WORD = re.compile(r"[a-zA-Z0-9_-]{1,64}")
FORTY = re.compile(r"[!-~]{1,40}")
ALPHABETS = {
    "nine": (lambda name: NINE.fullmatch(name) is not None, 9, NINE),
    "word": (lambda name: WORD.fullmatch(name) is not None, 64, WORD),
    "forty": (lambda name: FORTY.fullmatch(name) is not None, 40, FORTY),
    "thirteen": (lambda name: False, 13, re.compile(r"[a-z0-9]{13}")),
    "fourteen": (lambda name: False, 14, re.compile(r"[a-zA-Z0-9]{14}|t[a-z0-9]{12}")),
}
alphabets = pytest.mark.parametrize("alphabet", ALPHABETS)


def names(alphabet):
    fits, longest, _ = ALPHABETS[alphabet]
    return Names(fits, longest)


@pytest.mark.parametrize(
    ("alphabet", "name", "kept"),
    [
        ("nine", "aB3dE6gH9", True),
        ("nine", "call_0fypS1hVXabc", False),
        ("word", "call_0fypS1hVXabc", True),
        ("word", "functions.f:0", False),
        ("word", "x" * 65, False),
        ("word", "", False),
    ],
)
def test_a_name_goes_out_as_it_is_where_it_can(alphabet, name, kept):
    found = names(alphabet)

    theirs = found.theirs(name)

    assert (theirs == name) == kept
    assert ALPHABETS[alphabet][2].fullmatch(theirs)
    assert found.ours(theirs) == name
    assert found.changed == ({} if kept else {theirs: name})


def test_a_name_that_was_changed_still_shows_what_it_was():
    assert names("word").theirs("weather.today:now").startswith("tweathertodaynow")


def test_an_unknown_name_is_the_clients_own():
    assert names("nine").ours("whatever") == "whatever"


@alphabets
@given(given=st.lists(st.text(max_size=80), max_size=20))
def test_names_fit_are_never_two_alike_and_find_back(alphabet, given):
    found = names(alphabet)

    theirs = [found.theirs(name) for name in given]

    assert all(ALPHABETS[alphabet][2].fullmatch(one) for one in theirs)
    assert len(set(theirs)) == len(set(given))
    assert [found.ours(one) for one in theirs] == given


@alphabets
@given(given=st.lists(st.text(max_size=20), min_size=1, max_size=12), cut=st.integers(0, 12))
def test_a_history_keeps_its_names_while_it_grows(alphabet, given, cut):
    before, after = names(alphabet), names(alphabet)

    early = [before.theirs(name) for name in given[:cut]]
    late = [after.theirs(name) for name in given]

    assert early == late[: len(early)]


@alphabets
def test_a_name_that_looks_like_a_made_one_is_told_apart(alphabet):
    made = names(alphabet).theirs("some id: 1")
    found = names(alphabet)

    first, second = found.theirs("some id: 1"), found.theirs(made)

    assert first == made
    assert first != second
    assert (found.ours(first), found.ours(second)) == ("some id: 1", made)


@alphabets
def test_a_made_name_gives_way_to_one_that_was_there_before(alphabet):
    made = names(alphabet).theirs("some id: 1")
    found = names(alphabet)

    first, second = found.theirs(made), found.theirs("some id: 1")

    assert first != second
    assert (found.ours(first), found.ours(second)) == (made, "some id: 1")


def test_half_a_character_is_a_name_too():
    assert NINE.fullmatch(names("nine").theirs("\ud800"))
