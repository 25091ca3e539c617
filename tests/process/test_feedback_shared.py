"""Feedback counts whichever process hears it, for all of them, and for those that come after."""

import asyncio

from tests.process.running import ADMIN, until
from tests.whole.provider import Provider, ok

CONFIG = """
server: {{port: 0, workers: {workers}}}
admin: {{key: {admin}}}
state: {{directory: "{state}"}}
providers:
  a: {{dialect: vllm, base_url: "{url}"}}
routes: {{m: a/one}}
"""
OPERATOR = {"authorization": f"Bearer {ADMIN}"}


async def opinions(gateway):
    page = (await gateway.get("/api/v1/feedback", **OPERATOR)).body
    return {one["task"]: round(one["opinions"], 1) for one in page["quality"] if one["opinions"]}


async def judged(gateway, id, score):
    return await gateway.request("POST", "/api/v1/feedback", {"id": id, "score": score})


async def test_what_one_process_hears_of_anothers_answer_both_know_and_so_does_their_successor(start, tmp_path):
    async with Provider(ok()) as provider:
        text = CONFIG.format(admin=ADMIN, url=provider.url, workers=1, state=tmp_path / "shared")
        async with start(text, folder="other") as other:
            async with start(text, folder="one") as one:
                call = await one.chat(routing={"task": "translation"})
                said = await judged(other, call.headers["x-request-id"], 1)
                own = await one.chat()
                await judged(one, own.headers["x-request-id"], "down")
                expected = {"translation": 1, "chat": 1}

                for gateway in (one, other):
                    await until(lambda gateway=gateway: same(gateway, expected))
            again = await judged(other, call.headers["x-request-id"], 0)
            async with start(text, folder="next") as successor:
                await until(lambda: same(successor, expected))

    assert (200, "translation", "a/one") == (said.status, said.body["task"], said.body["target"])
    assert again.body["replaced"]


async def same(gateway, expected):
    return await opinions(gateway) == expected


async def test_workers_of_one_gateway_take_each_others_feedback(start, tmp_path):
    async with Provider(ok()) as provider:
        text = CONFIG.format(admin=ADMIN, url=provider.url, workers=2, state=tmp_path / "shared")
        async with start(text) as gateway:
            calls = [await gateway.chat() for _ in range(8)]
            answers = await asyncio.gather(*(judged(gateway, one.headers["x-request-id"], 1) for one in calls))
            for _ in range(6):
                await until(lambda: same(gateway, {"chat": 8}))

    assert [200] * 8 == [each.status for each in answers]
