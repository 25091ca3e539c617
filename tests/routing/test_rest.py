"""Which answers can be gone on with, and how a target is asked for the rest of one."""

import pytest

from core.call import Call
from core.errors import Refusal
from routing.rest import QUESTION, continuable, rest

ASKED = [{"role": "user", "content": "hi"}]
SAID = "The quick brown fox jumps over the lazy dog, and th"


def chat(**fields) -> Call:
    body = {"model": "m", "messages": ASKED, "stream": True, **fields}
    return Call("chat", "m", body, stream=True, choices=body.get("n", 1), max_output=body.get("max_tokens"))


def completions(**fields) -> Call:
    body = {"model": "m", "prompt": "Once", "stream": True, **fields}
    return Call("completions", "m", body, stream=True, choices=1)


@pytest.mark.parametrize(
    ("call", "can"),
    [
        (chat(), True),
        (
            chat(response_format={"type": "text"}, modalities=["text"], logprobs=False, tools=[{"type": "function"}]),
            True,
        ),
        (chat(response_format={"type": "json_object"}), False),
        (chat(response_format={"type": "json_schema", "json_schema": {}}), False),
        (chat(n=2), False),
        (chat(logprobs=True), False),
        (chat(audio={"voice": "x"}), False),
        (chat(modalities=["text", "audio"]), False),
        (chat(guided_json={}), False),
        (chat(format="json"), False),
        (chat()._replace(stream=False), False),
        (completions(), True),
        (completions(prompt=["Once"]), True),
        (completions(prompt=[1, 2]), False),
        (completions(echo=True), False),
        (completions(suffix="end"), False),
        (completions(best_of=3), False),
        (completions(logprobs=0), False),
        (completions()._replace(endpoint="embeddings"), False),
    ],
)
def test_only_plain_text_is_gone_on_with(call, can):
    assert continuable(call) is can


def test_a_model_that_can_is_handed_the_beginning_of_its_answer():
    call = chat(temperature=0.5, stop=["END"])

    asked = rest(call, SAID, "exact")

    assert asked.body == {**call.body, "messages": [*ASKED, {"role": "assistant", "content": SAID}]}
    assert call.body["messages"] == ASKED


def test_a_beginning_of_the_clients_own_is_part_of_it():
    begun = [*ASKED, {"role": "assistant", "content": "Well: "}]

    asked = rest(chat(messages=begun), SAID, "trimmed")

    assert asked.body["messages"] == [*ASKED, {"role": "assistant", "content": "Well: " + SAID}]


@pytest.mark.parametrize("last", [{"content": [{"type": "text", "text": "x"}]}, {"content": "x", "tool_calls": [{}]}])
def test_what_cannot_be_made_longer_is_followed_by_it(last):
    begun = [*ASKED, {"role": "assistant", **last}]

    assert rest(chat(messages=begun), SAID, "exact").body["messages"] == [
        *begun,
        {"role": "assistant", "content": SAID},
    ]


def test_others_are_asked_to_begin_with_its_last_words():
    asked = rest(chat(), SAID + " \n", "")

    *before, question = asked.body["messages"]
    assert before == [*ASKED, {"role": "assistant", "content": SAID + " \n"}]
    assert question == {"role": "user", "content": QUESTION + SAID.removeprefix("The ")}


def test_where_only_blanks_were_said_the_question_is_the_first_again():
    call = chat()

    assert rest(call, "\n", "") is call


def test_half_a_character_stays_here():
    assert rest(chat(), "a\ud83d", "exact").body["messages"][-1]["content"] == "a"


@pytest.mark.parametrize(
    ("onward", "limits", "left"),
    [
        ("exact", {"max_tokens": 100}, {"max_tokens": 50}),
        ("exact", {"max_completion_tokens": 100}, {"max_completion_tokens": 50}),
        ("exact", {"max_tokens": 10}, {"max_tokens": 1}),
        ("exact", {}, {}),
        ("", {"max_tokens": 10}, {"max_tokens": 10}),
    ],
)
def test_what_was_said_counts_against_the_limit_but_not_what_is_repeated(onward, limits, left):
    asked = rest(chat(**limits), "word" * 50, onward)

    assert {name: value for name, value in asked.body.items() if name.startswith("max_")} == left
    assert asked.max_output == left.get("max_tokens")


def test_a_prompt_grows_by_what_was_said():
    assert rest(completions(), " upon", "exact").body["prompt"] == "Once upon"
    assert rest(completions(prompt=["Once"]), " upon", "exact").body["prompt"] == "Once upon"


def test_a_prompt_that_a_template_would_hide_cannot_be_gone_on_with():
    with pytest.raises(Refusal, match="can't go on"):
        rest(completions(), " upon", "")
