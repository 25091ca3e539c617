"""A process that may open no more files, and two gateways that share what there is."""

import asyncio
import resource
from pathlib import Path

import orjson

from tests.process.running import Running, until
from tests.whole.provider import Provider, ok

SHORT = "breaker: {failures: 2}"
CALLS = 'switchyard_calls_total{endpoint="chat",route="demo",status="200",stream="false"}'


class Line:
    """A connection that is there already."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def chat(self, model: str) -> tuple[int, dict]:
        body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]})
        self.writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), orjson.loads(await self.reader.readexactly(length))


def may_open(gateway: Running, count: int) -> None:
    _, most = resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (count, most))


async def test_a_process_without_descriptors_blames_no_target_and_answers_what_needs_none(start, written):
    async with Provider(ok()) as provider:
        config = written(url=provider.url).replace("defaults: {", f"defaults: {{{SHORT}, ")
        async with start(config) as gateway:
            line = Line(*await asyncio.open_connection("127.0.0.1", gateway.port))
            await asyncio.sleep(0.2)
            open_files = {int(each.name) for each in Path(f"/proc/{gateway.pid}/fd").iterdir()}
            may_open(gateway, next(number for number in range(9999) if number not in open_files))
            refused = [await line.chat("m") for _ in range(4)]
            own, _ = await line.chat("demo")
            may_open(gateway, 1024)
            after, _ = await line.chat("m")
            state = await gateway.metric('switchyard_breaker_state{target="a/one"}')
            line.writer.close()
            mistakes = [each for each in gateway.log if each["message"] == "internal error"]

    assert [(503, "all_targets_busy")] * 4 == [(status, body["error"]["code"]) for status, body in refused]
    assert "out of file descriptors" == refused[0][1]["error"]["attempts"][0]["message"]
    assert (200, 200, 0) == (own, after, state)
    assert [] == mistakes


async def test_gateways_of_one_port_and_one_state_directory_count_apart(start, written, tmp_path):
    config = written(workers=2).replace("directory: state", f"directory: {tmp_path / 'state'}")
    async with start(config) as one:
        other = config.replace("port: 0", f"host: 127.0.0.2, port: {one.port}")
        async with start(other, folder="other") as two:

            async def counted(host: str) -> int:
                page = await (await two.session.get(f"http://{host}:{one.port}/metrics")).text()
                found = [line for line in page.splitlines() if line.startswith(CALLS + " ")]
                return int(float(found[0].rsplit(" ", 1)[1])) if found else 0

            await until(lambda: "127.0.0.2" in two.out and len(two.workers) == 2)
            for _ in range(3):
                await one.chat("demo")

            async def all_counted() -> bool:
                return await counted("127.0.0.1") == 3

            await until(all_counted)
            assert 0 == await counted("127.0.0.2")
