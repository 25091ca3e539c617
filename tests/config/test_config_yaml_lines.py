"""From YAML to nodes with lines, and texts that are no YAML."""

import pytest

DEEP = "[" * 60 + "]" * 60
BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server: {port: 1", "c.yaml:2: is not valid YAML: did not find expected ',' or '}'"),
        ("a: @b", "c.yaml:1: is not valid YAML: found character that cannot start any token"),
        ("server:\n  port: \x00", "c.yaml:2: is not valid YAML: it holds a character that YAML does not allow"),
        ('a: "\\UFFFFFFFF"', "c.yaml:1: is not valid YAML: found invalid Unicode character escape code"),
        ("a: \ud800", "c.yaml: is not valid YAML: it holds a character that does not exist"),
        ("a: 1\n---\nb: 2", "c.yaml:2: a second document begins here; one file holds one"),
        (
            "log: {level: !!python/name:os.system x}",
            "c.yaml:1: log.level: tags (words that begin with !) are not used here",
        ),
        ("log: !x {}", "c.yaml:1: log: tags (words that begin with !) are not used here"),
        ("log: *x", "c.yaml:1: log: refers (with *) to an anchor that isn't above it"),
        ("log: &x [*x]", "c.yaml:1: log[0]: refers (with *) to an anchor that isn't above it"),
        (DEEP, "c.yaml:1: is nested more than 40 deep"),
        (BOMB, "c.yaml:5: holds more than 100000 values, aliases written out"),
        ("- a", "c.yaml:1: expected a mapping, got a list"),
        ("hello", "c.yaml:1: expected a mapping, got text"),
    ],
)
def test_what_is_no_configuration_at_all_is_one_line(problems, text, problem):
    assert [problem] == problems(text)


def test_a_word_of_the_file_is_not_repeated(problems):
    assert problems("a: !h!sk-secret x") == ["c.yaml:1: is not valid YAML: found undefined tag handle"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server:\n  port: 1\n  port: 2", "c.yaml:3: server.port: stands here and on line 2; a key may stand once"),
        ("server:\n  1: a", "c.yaml:2: server.1: a key must be text; put it in quotes"),
        ("server:\n  ? [a]\n  : b", "c.yaml:2: server: a key must be text; put it in quotes"),
        ("server:\n  <<: 7", "c.yaml:2: server.<<: expected a mapping to merge"),
        ("server:\n  ? {a: b}\n  : [c, {d: &x e}]\n  ~: f", "c.yaml:2: server: a key must be text; put it in quotes"),
        ('routes: {"a\\nb": 1, "a\\nb": 2}', r"c.yaml:1: routes.a\nb: stands here and on line 1; a key may stand once"),
    ],
)
def test_keys_are_text_and_stand_once(problems, text, problem):
    assert problem in problems(text)


def test_each_key_that_is_no_text_is_told(problems):
    told = [f"c.yaml:1: routes{name}: a key must be text; put it in quotes" for name in (".1", ".4.1", ".true", "")]

    assert told == problems("routes: {1: a/x, 4.1: a/x, true: a/x, [b]: a/x}")


def test_anchors_and_merges_work(read):
    config = read("""
defaults:
  timeouts: &quick {connect: 1s, total: 9s}
providers: {demo: {}}
routes:
  a: {chain: demo/a, timeouts: *quick}
  b: {chain: demo/b, timeouts: {<<: *quick, total: 8s}}
  c: {chain: demo/c, timeouts: {<<: [*quick, {idle: 3s}]}}
""")

    timeouts = [(route.timeouts.connect, route.timeouts.idle, route.timeouts.total) for route in config.routes.values()]

    assert [(1, 60, 9), (1, 60, 8), (1, 3, 9)] == timeouts


def test_on_is_a_word_and_not_a_truth_value(routes):
    text = "routes: {a: [demo/a, {on: timeout, target: demo/b}]}"

    assert {"a": "demo/a -> on timeout: demo/b"} == routes(text)


@pytest.mark.parametrize("text", ["", "# nothing", "~", "---\n...", "null"])
def test_an_empty_text_is_an_empty_configuration(read, text):
    config = read(text)

    assert ({}, ("c.yaml:1: providers: is empty, so that no call can be answered",)) == (config.routes, config.warnings)
