"""`auto`: how the model is told among which targets it chooses."""

import pytest

from config.schema import Automatic

START = "providers: {openai: {api_key: k}, lab: {dialect: vllm, base_url: 'http://h/v1'}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Automatic()),
        ("auto:", Automatic()),
        ("auto: on", Automatic()),
        ("auto: off", Automatic(on=False)),
        ("auto: {strategy: random}", Automatic(strategy="random")),
        ("auto: {targets: 'openai/*'}", Automatic(targets=("openai/*",))),
        ("auto: {targets: ['*/llama-3', lab/x, ]}", Automatic(targets=("*/llama-3", "lab/x"))),
        ("defaults: {strategy: weighted}", Automatic(strategy="balanced")),
    ],
)
def test_it_chooses_among_all_unless_told_otherwise(read, text, expected):
    assert expected == read(START + text).auto


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("auto: maybe", "c.yaml:2: auto: expected off, or a mapping, got text"),
        ("auto: [off]", "c.yaml:2: auto: expected off, or a mapping, got a list"),
        ("auto: {targets: [gpt-4o]}", "expected a target such as openai/gpt-4o, or with one * in it, got 'gpt-4o'"),
        ("auto: {targets: ['*/*']}", "expected a target such as openai/gpt-4o, or with one * in it, got '*/*'"),
        ("auto: {targets: [[a]]}", "expected text on one line, got a list"),
        (
            "auto: {targets: [opena/x]}",
            "names no provider that is configured here, got 'opena/x'; did you mean openai?",
        ),
        ("auto: {strategy: luck}", "expected a strategy (affinity, balanced,"),
        ("auto: {of: 1}", "unknown key of"),
    ],
)
def test_what_it_cannot_mean_is_an_error(problems, text, problem):
    (found,) = problems(START + text)

    assert problem in found


def test_local_targets_come_first_only_where_it_says_so(read):
    text = START + "defaults: {prefer_local: '${LLM_PREFER_LOCAL:-false}'}"

    assert [False, True] == [read(text, env).prefer_local for env in ({}, {"LLM_PREFER_LOCAL": "true"})]
