"""Variables of the environment in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.environment import interpolate

ENV = {"A": "a", "EMPTY": "", "TRICKY": "${A} $$ }"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("x", "x"),
        ("${A}", "a"),
        ("<${A}${A}>", "<aa>"),
        ("${EMPTY}", ""),
        ("${EMPTY:-b}", "b"),
        ("${NONE:-b}", "b"),
        ("${NONE:-}", ""),
        ("${NONE:-${EMPTY:-c}}", "c"),
        ("${NONE:-<${A}>}", "<a>"),
        ("${A:-${NONE}}", "a"),
        ("$$", "$"),
        ("$${A}", "${A}"),
        ("${NONE:-$$}", "$"),
        ("$A costs $5 }", "$A costs $5 }"),
        ("${TRICKY}", "${A} $$ }"),
    ],
)
def test_variables_are_filled_in(text, filled):
    assert filled == interpolate(text, ENV)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NONE}", "the variable NONE is not set"),
        ("${NONE:-${ALSO}}", "the variable ALSO is not set"),
        ("${A:-b", "a ${ is not closed by a }"),
        ("${A", "expected ${NAME} or ${NAME:-default}; write $$ for a dollar"),
        ("${}", "expected ${NAME} or ${NAME:-default}; write $$ for a dollar"),
        ("${A-b}", "expected ${NAME} or ${NAME:-default}; write $$ for a dollar"),
        ("${A:-" * 17 + "}" * 17, "defaults are nested more than 16 deep"),
    ],
)
def test_what_cannot_be_filled_in_is_a_sentence(text, message):
    with pytest.raises(ValueError) as caught:
        interpolate(text, ENV)

    assert message == str(caught.value)


def test_the_names_that_were_asked_for_are_told():
    assert ("NONE", "A") == interpolate("${NONE:-${A:-${B}}}", ENV)[1]


@given(st.text(alphabet="${}:-AB", max_size=40))
def test_no_text_breaks_the_filling(text):
    try:
        interpolate(text, ENV)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("port", ["9000", " 9000\n"])
def test_a_filled_value_is_read_as_if_it_had_no_quotes(read, port):
    config = read('server: {port: "${PORT:-8080}"}', {"PORT": port})

    assert 9000 == config.server.port


def test_an_empty_value_is_as_if_nothing_were_written(read):
    config = read('server: {port: "${PORT:-}"}\nadmin: {key: "${ADMIN:-}"}')

    assert (8080, None) == (config.server.port, config.admin_key)


def test_a_variable_cannot_add_structure(problems):
    assert problems("state: ${STATE}", {"STATE": "{directory: /elsewhere}"}) == [
        "c.yaml:1: state: expected a mapping, got text"
    ]


def test_variables_stand_in_keys_as_well(routes):
    assert {"fast": "demo/a"} == routes('routes: {"${NAME}": demo/a}', {"NAME": "fast"})


def test_two_keys_that_become_one_are_refused(route_problems):
    assert route_problems('routes:\n  fast: demo/a\n  "${NAME}": demo/b', {"NAME": "fast"}) == [
        "c.yaml:4: routes.${NAME}: is the same key as the one on line 3"
    ]


def test_an_unset_variable_is_told_once_and_has_no_echo(problems):
    assert problems('keys: {alice: {key: "${ALICE_KEY}"}}\nserver: {host: 0.0.0.0}') == [
        "c.yaml:1: keys.alice.key: the variable ALICE_KEY is not set"
    ]


def test_half_a_character_is_refused(problems):
    assert problems('state: {directory: "${DIR}"}', {"DIR": "caf\udce9"}) == [
        "c.yaml:1: state.directory: holds half a character (a lone surrogate)"
    ]
