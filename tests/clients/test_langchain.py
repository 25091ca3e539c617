"""langchain-openai against the demo, and against a provider that fails or breaks off."""

import openai
import pytest
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from tests.whole.provider import Provider, fails, piece, streams

CONFIG = """
providers: {{a: {{dialect: openai, api_key: k, base_url: "{url}"}}}}
defaults: {{retry: {{attempts: 1}}}}
routes: {{m: a/real}}
"""


class Weather(BaseModel):
    """What the weather is like."""

    city: str
    days: int


@tool
def look_outside(city: str) -> str:
    """How it looks outside in *city*."""
    return f"It pours in {city}."


@pytest.fixture
def http():
    """A client of its own for each test: langchain's are shared and outlive the event loop."""
    with openai.DefaultHttpxClient() as made:
        yield made


@pytest.fixture
async def http_async():
    async with openai.DefaultAsyncHttpxClient() as made:
        yield made


@pytest.fixture
def chat(served, http):
    """A function: a chat model of the demo, with *settings*."""

    def begin(**settings):
        return model_of(served, http_client=http, **settings)

    return begin


def model_of(url, **settings):
    return ChatOpenAI(**{"base_url": f"{url}/v1", "api_key": "any", "model": "demo", "timeout": 20, **settings})


def test_it_is_asked_and_answers(chat):
    answer = chat(temperature=0).invoke([SystemMessage("Be brief."), HumanMessage("Where is Oz?")])

    assert "Where is Oz?" in answer.content
    assert answer.usage_metadata["total_tokens"] > 0
    assert answer.response_metadata["finish_reason"] == "stop"


async def test_it_is_asked_asynchronously(served, http_async):
    answer = await model_of(served, http_async_client=http_async).ainvoke("Where is Oz?")

    assert "Where is Oz?" in answer.content


def test_several_questions_are_asked_at_once(chat):
    answers = chat().batch(["one", "two", "three"])

    assert ["one", "two", "three"] == [answer.content.partition("“")[2].partition("”")[0] for answer in answers]


@pytest.mark.parametrize("usage", [True, False])
def test_it_streams(chat, usage):
    chunks = list(chat(stream_usage=usage).stream("Where is Oz?"))

    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert "Where is Oz?" in whole.content
    assert whole.response_metadata["finish_reason"] == "stop"
    assert (whole.usage_metadata is not None) == usage


async def test_it_streams_asynchronously(served, http_async):
    model = model_of(served, http_async_client=http_async)

    chunks = [chunk.content async for chunk in model.astream("Where is Oz?")]

    assert len(chunks) > 5
    assert "Where is Oz?" in "".join(chunks)


def test_it_calls_a_tool_and_hears_the_result(chat):
    model = chat().bind_tools([look_outside])
    question = HumanMessage("Is it raining in Oslo?")

    first = model.invoke([question])
    result = look_outside.invoke(first.tool_calls[0])
    second = model.invoke([question, first, result])

    assert (first.tool_calls[0]["name"], list(first.tool_calls[0]["args"])) == ("look_outside", ["city"])
    assert isinstance(result, ToolMessage)
    assert result.content in second.content
    assert second.tool_calls == []


def test_it_streams_a_call_of_a_tool(chat):
    chunks = list(chat().bind_tools([look_outside], tool_choice="look_outside").stream("Look!"))

    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert [(call["name"], list(call["args"])) for call in whole.tool_calls] == [("look_outside", ["city"])]
    assert whole.invalid_tool_calls == []


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_it_gives_structured_output(chat, method):
    weather = chat().with_structured_output(Weather, method=method).invoke("What will it be like?")

    assert isinstance(weather, Weather)


# langchain writes out a message whose `parsed` holds a model, and pydantic expected nothing there.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
def test_structured_output_streams(chat):
    *_, weather = chat().with_structured_output(Weather).stream("What will it be like?")

    assert isinstance(weather, Weather)


def test_texts_become_vectors(served, http):
    embeddings = OpenAIEmbeddings(
        base_url=f"{served}/v1",
        api_key="any",
        model="demo",
        dimensions=16,
        http_client=http,
        # Otherwise it would fetch a tokenizer from the network, to cut texts that are too long for OpenAI's models.
        check_embedding_ctx_length=False,
    )

    vectors = embeddings.embed_documents(["one", "two"])
    again = embeddings.embed_query("one")

    assert [16, 16] == [len(vector) for vector in vectors]
    assert vectors[0] == again != vectors[1]


def test_a_refusal_is_openais_exception(chat):
    with pytest.raises(openai.NotFoundError):
        chat(model="nothing").invoke("hi")


async def test_a_failure_is_not_multiplied(start, http_async):
    async with Provider(fails(503)) as a, start(CONFIG.format(url=a.url)) as gateway:
        model = model_of(gateway.url, model="m", max_retries=3, http_async_client=http_async)
        with pytest.raises(openai.InternalServerError):
            await model.ainvoke("hi")

    assert len(a.requests) == 1


async def test_a_stream_that_breaks_off_is_an_exception(start, http_async):
    said = []
    broken = streams([piece({"content": "half"})], whole=False)
    async with Provider(broken) as a, start(CONFIG.format(url=a.url)) as gateway:
        model = model_of(gateway.url, model="m", max_retries=3, http_async_client=http_async)
        with pytest.raises(openai.APIError):
            async for chunk in model.astream("hi"):
                said += [chunk.content]

    assert said == ["half"]
    assert len(a.requests) == 1
