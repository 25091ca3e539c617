"""The official Python client puts the parts of a continued answer together as if they were one."""

from tests.whole.provider import DONE, ROLE, STOP, Provider, piece, streams, usage_event

CONFIG = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: vllm, base_url: "{b}"}}
routes: {{m: {{chain: [a/one, b/two], on_break: continue}}}}
defaults: {{retry: {{attempts: 1}}}}
"""
HI = [{"role": "user", "content": "hi"}]
BREAKS = streams([ROLE, piece({"content": "The quick "}), piece({"content": "brown "})], whole=False)
GOES_ON = streams([ROLE, piece({"content": "fo"}), piece({"content": "x."}), STOP, usage_event(30, 2), DONE])


async def test_its_accumulator_makes_one_completion_of_it(start, asking):
    asked = {"model": "m", "messages": HI, "stream_options": {"include_usage": True}}
    async with Provider(BREAKS) as a, Provider(GOES_ON) as b, start(CONFIG.format(a=a.url, b=b.url)) as gateway:
        client = asking(gateway)
        async with client.chat.completions.stream(**asked) as stream:
            made = await stream.get_final_completion()
        await client.close()

    assert (made.choices[0].message.content, made.choices[0].finish_reason) == ("The quick brown fox.", "stop")
    assert made.usage.completion_tokens == len("The quick brown ") // 4 + 2


async def test_the_chunk_with_the_finish_names_the_seam(start, asking):
    asked = {"model": "m", "messages": HI, "stream": True}
    async with Provider(BREAKS) as a, Provider(GOES_ON) as b, start(CONFIG.format(a=a.url, b=b.url)) as gateway:
        client = asking(gateway)
        told = [chunk async for chunk in await client.chat.completions.create(**asked)]
        await client.close()

    assert "".join(chunk.choices[0].delta.content or "" for chunk in told) == "The quick brown fox."
    seam = {"at": 16, "from": "a/one", "to": "b/two", "how": "prefill"}
    assert told[-1].model_extra == {"switchyard": {"continued": [seam]}}
    assert 1 == len({chunk.id for chunk in told})
