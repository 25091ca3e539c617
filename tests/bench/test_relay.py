"""The bare relay, beside which our own figures are read: it has to do what it is measured for."""

import asyncio
import json

import aiohttp
from aiohttp import web

from bench.relay import Client
from bench.targets import HEADERS, PATH


async def provider(request):
    asked = await request.json()
    if not asked.get("stream"):
        return web.json_response(asked)
    answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await answer.prepare(request)
    for number in range(3):
        await answer.write(b"data: %d\n\n" % number)
        await asyncio.sleep(0.01)
    return answer


async def test_it_forwards_what_it_is_asked_on_connections_that_it_keeps():
    app = web.Application()
    app.router.add_post(PATH, provider)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    idle, port = [], runner.addresses[0][1]
    server = await asyncio.get_running_loop().create_server(lambda: Client(port, idle, set()), "127.0.0.1", 0)
    async with server, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"

        async def ask(headers=HEADERS, **more):
            async with session.post(url, data=json.dumps({"model": "bench", **more}), headers=headers) as answer:
                return answer.status, await answer.text()

        whole = await ask(messages=["x" * 30_000])
        stream = await ask(stream=True)
        stranger = await ask(headers={"Authorization": "Bearer sk-other"})

    kept = len(idle)
    await runner.cleanup()
    assert whole == (200, json.dumps({"model": "mock-model", "messages": ["x" * 30_000]}))
    assert stream == (200, "data: 0\n\ndata: 1\n\ndata: 2\n\n")
    assert stranger[0] == 401
    assert kept == 1
