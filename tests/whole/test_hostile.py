"""Bad input gets a clear 4xx in OpenAI's shape, costs little, and never reaches a provider."""

import asyncio
import re
import time
from itertools import count

import orjson
import pytest

from tests.whole.provider import Provider, ok, streams, words

CONFIG = """
server: {{max_body: 1MB, head_timeout: 300ms, body_timeout: 300ms}}
log: {{level: debug}}
providers:
  openai: {{api_key: sk-provider, base_url: "{url}"}}
routes:
  m: openai/real
  "fam-*": openai/family-*
"""
HI = [{"role": "user", "content": "hi"}]


def post(
    body: bytes, *lines: str, path: str = "/v1/chat/completions", version: str = "1.1", length: bool = True
) -> bytes:
    head = [f"POST {path} HTTP/{version}", "Host: x", *lines]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def chat_body(**fields: object) -> bytes:
    return orjson.dumps({"model": "m", "messages": HI, **fields})


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xff\xfe\x00", 400, None),
        (b'{"model":"m","messages":[{"role":"user","content":"\xc3\x28"}]}', 400, None),
        (b"[" * 1000 + b"]" * 1000, 400, None),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, 400, "model"),
        (chat_body(x=[[[[]]]]).replace(b"[[[[]]]]", b"[" * 300 + b"]" * 300), 400, None),
        (chat_body(messages=[]), 400, "messages"),
        (chat_body(messages=[1]), 400, "messages.0"),
        (chat_body(temperature="hot"), 400, "temperature"),
        (chat_body(model="nope"), 404, "model"),
        (chat_body(model="a" * 5000), 404, "model"),
        (chat_body(model="m\x00"), 404, "model"),
        (chat_body(model="fam-x\r\nx-evil: 1"), 404, "model"),
        (chat_body(model="openai/x y"), 404, "model"),
        (chat_body(model="openai/\u202ex"), 404, "model"),
        (chat_body(model="fam-"), 404, "model"),
        (chat_body(model="../../etc/passwd"), 404, "model"),
    ],
)
async def test_bad_bodies_are_refused_and_go_nowhere(start, body, status, param):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        refused = await gateway.request("POST", "/v1/chat/completions", body)

    error = refused.body["error"]
    assert (refused.status, error["param"]) == (status, param)
    assert error["type"] == "invalid_request_error"
    assert error["message"].isprintable()
    assert "x-evil" not in refused.headers
    assert len(provider.requests) == 0


async def test_text_may_hold_any_character(start):
    text = "\x00 \u2028 😀 \u202e \\u0000 " + "é" * 50
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answer = await gateway.chat(messages=[{"role": "user", "content": text}])

    assert answer.status == 200
    assert provider.requests[0].body["messages"][0]["content"] == text


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        declared = await gateway.raw(post(b"", "Content-Length: 100000000", length=False), wait=0.3)
        chunks = b"".join(b"%x\r\n%b\r\n" % (65536, b"x" * 65536) for _ in range(40))
        chunked = await gateway.raw(post(b"", "Transfer-Encoding: chunked", length=False) + chunks, wait=3)

    for seen in (declared, chunked):
        assert seen.startswith(b"HTTP/1.1 413 ")
        assert b"request_too_large" in seen
    assert len(provider.requests) == 0


AMBIGUOUS = {
    "length and chunked": post(b"0\r\n\r\n", "Transfer-Encoding: chunked"),
    "two lengths": post(chat_body(), f"Content-Length: {len(chat_body()) + 1}"),
    "a negative length": post(b"", "Content-Length: -1", length=False),
    "a length that is none": post(b"", "Content-Length: 1_0", length=False),
    "an unknown coding": post(b"", "Transfer-Encoding: zip", length=False),
    "chunked twice": post(b"", "Transfer-Encoding: chunked, chunked", length=False),
    "a space before the colon": post(b"{}", "X-A : b"),
    "a folded line": post(b"{}", "X-A: b\r\n c"),
    "a zero in a header": post(b"{}", "X-A: b\x00c"),
    "a bare line feed": b"POST /v1/chat/completions HTTP/1.1\nHost: x\n\n",
    "a bad chunk": post(b"xyz\r\n", "Transfer-Encoding: chunked", length=False),
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a long line": b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long header": post(b"{}", f"X-A: {'y' * 70000}"),
    "a header that is none": post(b"{}", "Sec-WebSocket-Key1: yyyyyyyy"),
    "a target that is none": b"GET http://[yyyyyyyy/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"x%d: y\r\n" % n for n in range(500)) + b"\r\n",
}


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_http_that_can_be_read_in_two_ways_is_refused_and_closed(start, data):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(data)
        seen = await asyncio.wait_for(reader.read(), 5)
        writer.close()

    head, _, body = seen.partition(b"\r\n\r\n")
    error = orjson.loads(body)["error"]
    assert seen.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert b"\r\nx-request-id: req-" in head.lower()
    assert ("invalid_request_error", True) == (error["type"], error["code"] in {"invalid_http", "invalid_body"})
    assert not re.search("bytearray|b'|aaaa|yyyy", error["message"])
    assert len(provider.requests) == 0


async def test_two_credentials_are_refused(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        seen = await gateway.raw(post(chat_body(), "Authorization: Bearer a", "Authorization: Bearer b"), wait=0.3)

    assert seen.startswith(b"HTTP/1.1 400 ")


async def test_compressed_bodies_are_refused(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        seen = await gateway.raw(post(chat_body(), "Content-Encoding: gzip"), wait=0.3)

    assert seen.startswith(b"HTTP/1.1 415 ")


async def test_old_clients_get_old_answers(start):
    async with Provider(ok(), streams(words("a", "b"))) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        whole = await gateway.raw(post(chat_body(), version="1.0"))
        stream = await gateway.raw(post(chat_body(stream=True), version="1.0"))

    head, _, body = stream.partition(b"\r\n\r\n")
    assert whole.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in whole
    assert b"transfer-encoding" not in head
    assert body.startswith(b"data: ")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_pipelined_requests_are_answered_in_order(start):
    async with Provider(ok("1"), ok("2"), ok("3")) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        seen = await gateway.raw(post(chat_body()) * 3, wait=0.5)

    assert [seen.find(b'"content":"%d"' % n) for n in (1, 2, 3)] == sorted(
        seen.find(b'"content":"%d"' % n) for n in (1, 2, 3)
    )
    assert seen.count(b"HTTP/1.1 200 ") == 3


async def test_chunked_bodies_with_extensions_and_expectations_work(start):
    body = chat_body()
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        chunks = b"%x;ext=1\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        chunked = await gateway.raw(post(b"", "Transfer-Encoding: chunked", length=False) + chunks, wait=0.4)
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(post(b"", "Expect: 100-continue", f"Content-Length: {len(body)}", length=False))
        go_on = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
        writer.write(body)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
        writer.close()

    assert chunked.startswith(b"HTTP/1.1 200 ")
    assert go_on.startswith(b"HTTP/1.1 100 ")
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("slow", ["head", "body"])
async def test_who_sends_one_byte_at_a_time_is_not_waited_for(start, slow):
    data = post(chat_body())
    cut = 10 if slow == "head" else data.index(b"\r\n\r\n") + 10
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        began = time.monotonic()
        reading = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
        writer.write(data[:cut])
        for at in count(cut):
            await asyncio.sleep(0.05)
            if reading.done() or time.monotonic() - began > 5:
                break
            writer.write(data[at : at + 1])
        seen = await reading
        body = await reader.read()
        writer.close()

    assert time.monotonic() - began < 4
    assert seen.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nx-request-id: req-" in seen
    assert "request_timeout" == orjson.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models", 405),
        ("GET", "/", 404),
        ("POST", "/v1/nothing", 404),
        ("GET", "/v1/models/nope", 404),
        ("GET", "/../etc/passwd", 404),
        ("POST", "/admin/reload", 401),
        ("OPTIONS", "/v1/chat/completions", 204),
        ("HEAD", "/health", 200),
    ],
)
async def test_other_paths_and_methods_get_openais_errors(start, method, path, status):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        refused = await gateway.request(method, path)

    assert refused.status == status
    if refused.raw:
        assert refused.body["error"]["type"]
    assert refused.headers["x-request-id"]


SPELT = ["http://x/v1/chat/completions", "HTTP://y:80/v1/chat/completions?a=b", "/v1/chat/%63ompletions"]


@pytest.mark.parametrize("target", SPELT)
async def test_a_target_may_be_a_whole_url_or_spelt_in_another_way(start, target):
    models = target.replace("chat/completions", "models").replace("chat/%63ompletions", "m%6fdels")
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        called = await gateway.raw(post(chat_body(), path=target), wait=0.4)
        listed = await gateway.raw(f"GET {models} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), wait=0.4)

    assert called.startswith(b"HTTP/1.1 200 ")
    assert listed.startswith(b"HTTP/1.1 200 ")
    assert len(provider.requests) == 1


@pytest.mark.parametrize("target", ["/v1/chat%2fcompletions", "/v1%2Fchat/completions", "/v1/chat/completions%2f"])
async def test_a_slash_that_is_spelt_out_parts_nothing(start, target):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        seen = await gateway.raw(post(chat_body(), path=target), wait=0.4)

    assert seen.startswith(b"HTTP/1.1 404 ")
    assert b"unknown_url" in seen


@pytest.mark.parametrize("line", ["GET /v1/models", "POST /v1/chat/completions", "HEAD /health"])
async def test_another_version_of_http_is_refused(start, line):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        seen = await gateway.raw(f"{line} HTTP/2.0\r\nHost: x\r\n\r\n".encode(), wait=0.4)

    head, _, body = seen.partition(b"\r\n\r\n")
    assert seen.startswith(b"HTTP/1.1 505 ")
    assert b"\r\nconnection: close" in head
    assert line.startswith("HEAD") or orjson.loads(body)["error"]["code"] == "http_version_not_supported"


@pytest.mark.parametrize("given_id", ["a" * 200, "a b", "ü", "a\tb"])
async def test_a_request_id_that_could_do_harm_is_replaced(start, given_id):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        seen = await gateway.raw(post(chat_body(), f"X-Request-Id: {given_id}"), wait=0.3)

    assert given_id.encode("latin-1") not in seen
    assert b"x-request-id: req-" in seen


async def test_made_up_names_make_no_series(start):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await gateway.chat()
        await gateway.chat("fam-1")
        await gateway.chat("nope")
        before = len((await gateway.get("/metrics")).raw.splitlines())
        for number in range(100):
            await gateway.chat(f"nope-{number}")
            await gateway.chat(f"fam-{number}")
        after = len((await gateway.get("/metrics")).raw.splitlines())

    assert after - before <= 50


async def test_nothing_that_clients_do_is_logged_as_a_mistake_of_ours(start, tmp_path):
    async with Provider(ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        for data in AMBIGUOUS.values():
            await gateway.raw(data, wait=0.05)
        await gateway.request("POST", "/v1/chat/completions", b"\x00")
        await asyncio.sleep(0.3)

    log = (tmp_path / "log").read_text()
    assert "internal error" not in log
    assert "Traceback" not in log


async def test_no_prompt_and_no_answer_is_logged(start, tmp_path):
    async with Provider(ok("the answer")) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await gateway.chat(messages=[{"role": "user", "content": "the question"}], user="the user")
        await asyncio.sleep(0.3)

    log = (tmp_path / "log").read_text()
    assert '"message":"call"' in log
    assert "the question" not in log
    assert "the answer" not in log
    assert "the user" not in log


@pytest.mark.parametrize("shortcut", ["true", "false"])
async def test_a_mistake_of_ours_in_a_call_is_told_with_its_id_and_ends_the_connection(start, tmp_path, shortcut):
    async with Provider(ok()) as provider:
        config = CONFIG.format(url=provider.url).replace("{max_body", f"{{shortcut: {shortcut}, max_body")
        async with start(config) as gateway:
            gateway.house._shared.budget = None  # nothing works without
            answer = await gateway.raw(post(chat_body(), "X-Request-Id: oh-no") + post(chat_body()))
    (told,) = [
        line
        for line in map(orjson.loads, (tmp_path / "log").read_bytes().splitlines())
        if line["message"] == "internal error"
    ]

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert (1, 1) == (answer.count(b"internal_error"), answer.count(b"x-request-id: oh-no"))
    assert ("oh-no", "AttributeError") == (told["id"], told["kind"])
