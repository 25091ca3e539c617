"""The official Python client and whole answers of the demo, which needs no key and no network."""

from enum import Enum

import openai
import pytest
from pydantic import BaseModel, Field


class Weather(BaseModel):
    """What the weather is in *city*."""

    city: str
    days: int = Field(ge=1)


class Mood(Enum):
    SUNNY = "sunny"
    STORMY = "stormy"


class Place(BaseModel):
    name: str
    mood: Mood


class Journey(BaseModel):
    places: list[Place]
    cost: float
    note: str | None
    by_train: bool


def asked(text):
    return [{"role": "user", "content": text}]


def test_a_question_is_answered(client):
    completion = client.chat.completions.create(model="demo", messages=asked("Where is Oz?"))

    choice = completion.choices[0]
    assert ("assistant", "stop") == (choice.message.role, choice.finish_reason)
    assert "Where is Oz?" in choice.message.content
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.object == "chat.completion"


def test_parts_of_text_and_a_system_message_are_fine(client):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Where is"}, {"type": "text", "text": "Oz?"}]},
    ]

    completion = client.chat.completions.create(model="demo", messages=messages, temperature=0.5, seed=1, user="u")

    assert "Where is Oz?" in completion.choices[0].message.content


def test_the_clients_idea_of_the_request_id_is_ours(client):
    answer = client.chat.completions.with_raw_response.create(
        model="demo", messages=asked("hi"), extra_headers={"x-request-id": "mine-7"}
    )

    assert answer.headers["x-switchyard-target"] == "demo/echo"
    assert (answer.request_id, answer.parse()._request_id) == ("mine-7", "mine-7")


def test_several_choices_have_indexes(client):
    completion = client.chat.completions.create(model="demo", messages=asked("hi"), n=3)

    assert [choice.index for choice in completion.choices] == [0, 1, 2]


def test_a_limit_ends_the_answer_and_says_so(client):
    completion = client.chat.completions.create(model="demo", messages=asked("hi"), max_completion_tokens=3)

    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 3


def test_answers_are_parsed_into_a_model(client):
    completion = client.chat.completions.parse(model="demo", messages=asked("plan"), response_format=Journey)

    journey = completion.choices[0].message.parsed
    assert isinstance(journey, Journey)
    assert [place.mood for place in journey.places] == [Mood.SUNNY]


def test_a_cut_answer_is_not_parsed(client):
    with pytest.raises(openai.LengthFinishReasonError) as error:
        client.chat.completions.parse(
            model="demo", messages=asked("[[words 9]]"), response_format=Journey, max_completion_tokens=2
        )

    assert error.value.completion.choices[0].finish_reason == "length"


def test_a_tool_is_called_and_its_result_is_answered(client):
    tools = [openai.pydantic_function_tool(Weather)]
    messages = asked("Is it raining in Oslo?")

    first = client.chat.completions.parse(model="demo", messages=messages, tools=tools)
    message = first.choices[0].message
    call = message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": "It pours."}
    second = client.chat.completions.create(model="demo", messages=[*messages, message, result], tools=tools)

    assert (first.choices[0].finish_reason, call.type, call.function.name) == ("tool_calls", "function", "Weather")
    assert isinstance(call.function.parsed_arguments, Weather)
    assert "It pours." in second.choices[0].message.content
    assert second.choices[0].message.tool_calls is None


def test_a_tool_can_be_forced_and_forbidden(client):
    tools = [openai.pydantic_function_tool(Weather), openai.pydantic_function_tool(Place)]
    forced = {"type": "function", "function": {"name": "Place"}}

    one = client.chat.completions.create(model="demo", messages=asked("hi"), tools=tools, tool_choice=forced)
    none = client.chat.completions.create(model="demo", messages=asked("hi"), tools=tools, tool_choice="none")

    assert [call.function.name for call in one.choices[0].message.tool_calls] == ["Place"]
    assert none.choices[0].message.tool_calls is None


def test_vectors_are_the_same_packed_and_as_numbers(client):
    packed = client.embeddings.create(model="demo", input=["a", "b"])
    numbers = client.embeddings.create(model="demo", input=["a", "b"], encoding_format="float")

    assert [0, 1] == [item.index for item in packed.data]
    assert packed.data[0].embedding != packed.data[1].embedding
    for index in (0, 1):
        assert packed.data[index].embedding == pytest.approx(numbers.data[index].embedding, abs=1e-6)
    assert packed.usage.total_tokens == packed.usage.prompt_tokens == 2


@pytest.mark.parametrize("text", ["one text", [1, 2, 3], [[1, 2], [3]]], ids=["text", "tokens", "several of tokens"])
def test_vectors_are_made_of_texts_and_tokens(client, text):
    answer = client.embeddings.create(model="demo", input=text, dimensions=8)

    assert {8} == {len(item.embedding) for item in answer.data}


@pytest.mark.parametrize(("prompt", "choices"), [("Once upon", 1), (["Once", "Twice"], 2)])
def test_old_completions_are_answered(client, prompt, choices):
    completion = client.completions.create(model="demo", prompt=prompt, max_tokens=5)

    assert (completion.object, len(completion.choices)) == ("text_completion", choices)
    assert all(choice.text for choice in completion.choices)
    assert {"length"} == {choice.finish_reason for choice in completion.choices}


def test_models_are_listed_and_looked_up(client):
    listed = [model.id for model in client.models.list()]
    models = [client.models.retrieve(name) for name in ("demo", "demo/echo", "gpt-4o")]

    assert {"demo", "demo-fallback", "default"} <= set(listed)
    assert ["demo", "demo/echo", "gpt-4o"] == [model.id for model in models]
    assert {("model", True)} == {(model.object, model.created > 0) for model in models}


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("nothing/like this?")

    assert (error.value.code, error.value.param) == ("model_not_found", "model")
