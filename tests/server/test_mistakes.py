"""A mistake of ours before there is a call: said to be one, and told to whoever writes the log."""

import asyncio

import orjson
from aiohttp import web

from server.connection import Listener
from server.outbox import Outbox
from server.supervisor import listening


async def _said(port: int, data: bytes) -> tuple[bytes, dict[str, object]]:
    """The head of the answer to *data*, and its error; the connection must end then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, orjson.loads(body)["error"]


async def test_a_mistake_before_a_call_is_told_and_a_mistake_of_clients_is_not():
    mistakes: list[BaseException] = []

    async def serve(_request: object) -> None:
        raise LookupError("secret")

    async def take(*_: object) -> None:
        raise AssertionError("there is no short way")

    loop = asyncio.get_running_loop()

    def own_up(mistake: BaseException, *_: object) -> None:
        mistakes.append(mistake)

    listener = Listener(serve, take, {}, Outbox(loop).put, own_up, name=lambda: "req-1", head_timeout=5, idle=5)
    runner = web.ServerRunner(listener, shutdown_timeout=1.0)
    await runner.setup()
    sock = listening("127.0.0.1", 0, shared=False)
    await web.SockSite(runner, sock).start()
    try:
        ours = await _said(sock.getsockname()[1], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        theirs = await _said(sock.getsockname()[1], b"GET / HTTP/nonsense\r\n\r\n")
    finally:
        await runner.cleanup()

    assert b" 500 " in ours[0]
    assert ours[1]["code"] == "internal_error"
    assert "secret" not in str(ours[1])
    assert b" 400 " in theirs[0]
    assert theirs[1]["code"] == "invalid_http"
    assert [str(mistake) for mistake in mistakes] == ["secret"]
    assert b"x-request-id: req-1" in ours[0].lower()
    assert b"x-request-id: req-1" in theirs[0].lower()
