"""The official client for Azure, which names deployments in the path and sends its key as `api-key`."""

import openai
import pytest

CONFIG = """
providers: {demo: {}}
routes: {m: demo/echo, v: demo/echo}
keys:
  alice: {key: sk-alice-0123456789, models: [m]}
"""
KEY = "sk-alice-0123456789"
HI = [{"role": "user", "content": "hi"}]


def azure(gateway, key=KEY, **settings):
    return openai.AsyncAzureOpenAI(
        azure_endpoint=gateway.url, api_key=key, api_version="2024-10-21", max_retries=0, timeout=30, **settings
    )


@pytest.fixture(autouse=True)
def nothing_of_azure(monkeypatch):
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("model", "settings"), [("m", {}), ("any", {"azure_deployment": "m"})])
async def test_a_deployment_is_a_model(start, model, settings):
    async with start(CONFIG) as gateway, azure(gateway, **settings) as client:
        whole = await client.chat.completions.create(model=model, messages=HI)
        stream = await client.chat.completions.create(model=model, messages=HI, stream=True)
        pieces = [piece.choices[0].delta.content or "" async for piece in stream if piece.choices]

    assert whole.choices[0].message.content
    assert whole.choices[0].message.content == "".join(pieces)


async def test_the_other_endpoints_have_such_paths(start):
    async with start(CONFIG) as gateway, azure(gateway) as client:
        text = await client.completions.create(model="m", prompt="hi")
        vectors = await client.embeddings.create(model="m", input="hi")

    assert text.choices[0].text
    assert vectors.data[0].embedding


async def test_the_newer_paths(start):
    async with (
        start(CONFIG) as gateway,
        openai.AsyncOpenAI(base_url=f"{gateway.url}/openai/v1", api_key=KEY, max_retries=0) as client,
    ):
        answer = await client.chat.completions.create(model="m", messages=HI)

    assert answer.choices[0].message.content


@pytest.mark.parametrize(
    ("key", "model", "error"),
    [("sk-wrong", "m", openai.AuthenticationError), (KEY, "v", openai.NotFoundError)],
)
async def test_a_key_may_what_it_may(start, key, model, error):
    async with start(CONFIG) as gateway, azure(gateway, key) as client:
        with pytest.raises(error):
            await client.chat.completions.create(model=model, messages=HI)
