"""Operators' pages through a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from admin.asked import Asked, Row
from admin.key_pages import key_pages
from admin.keys import Locksmith
from config.schema import Config, Server
from core.errors import Refusal
from core.secret import Secret
from gateway.desk.desk import Desk
from server.caller import reply_to
from server.connection import Listener
from server.outbox import Outbox
from server.reply import Answered, refuse
from server.supervisor import listening
from store.memory import MemoryStore

OPERATOR = {"authorization": "Bearer secret-of-operator"}
CONFIG = Config(admin_key=Secret("secret-of-operator"))

Ask = Callable[..., Any]


class Answer:
    def __init__(self, status: int, headers: Any, raw: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = orjson.loads(raw) if raw else None


@asynccontextmanager
async def served(desk: Desk) -> AsyncIterator[Ask]:
    loop = asyncio.get_running_loop()

    async def serve(request: web.BaseRequest) -> Answered:
        reply = reply_to(request, loop)
        try:
            await desk.serve(request, reply)
        except Refusal as refused:
            refuse(reply, refused)
        return Answered(reply.status, keep_alive=reply.keep_alive)

    async def take(*_: object) -> None:
        raise AssertionError("there is no short way to the desk")

    mistakes: list[BaseException] = []

    def own_up(mistake: BaseException, *_: object) -> None:
        mistakes.append(mistake)

    listener = Listener(serve, take, {}, Outbox(loop).put, own_up, name=lambda: "req-1", head_timeout=5, idle=5)
    runner = web.ServerRunner(listener, shutdown_timeout=1.0)
    await runner.setup()
    sock = listening("127.0.0.1", 0, shared=False)
    await web.SockSite(runner, sock).start()
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:

        async def ask(method: str, path: str, body: object = None, **headers: str) -> Answer:
            raw = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
            lines = {name.replace("_", "-"): value for name, value in (headers or OPERATOR).items()}
            where = aiohttp.client.URL(url + path, encoded=True)
            async with session.request(method, where, data=raw, headers=lines) as answer:
                return Answer(answer.status, answer.headers, await answer.read())

        try:
            yield ask
        finally:
            await desk.end()
            await runner.cleanup()
    assert not mistakes


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def ask(store: MemoryStore) -> AsyncIterator[Ask]:
    desk = Desk(key_pages(Locksmith(store, lambda: CONFIG)), lambda: CONFIG.server, lambda: CONFIG.admin_key)
    async with served(desk) as ask:
        yield ask


async def test_the_life_of_a_key(ask, store):
    made = await ask("POST", "/api/v1/keys", {"name": "alice", "max_cost": 1})
    shown = await ask("GET", "/api/v1/keys/alice")
    listed = await ask("GET", "/api/v1/keys?limit=1")
    changed = await ask("PATCH", "/api/v1/keys/alice", {"max_cost": 2})
    rotated = await ask("POST", "/api/v1/keys/alice/rotate", {"grace": "1h"})
    twice = await ask("POST", "/api/v1/keys/alice/rotate")
    gone = await ask("DELETE", "/api/v1/keys/alice")
    missing = await ask("GET", "/api/v1/keys/alice")

    assert [200] * 7 + [404] == [each.status for each in (made, shown, listed, changed, rotated, twice, gone, missing)]
    assert made.body["key"].startswith("sk-sy-")
    assert "no-store" == made.headers["cache-control"]
    assert ["alice"] == [key["name"] for key in listed.body["data"]]
    assert (1, 2) == (shown.body["max_cost"], changed.body["max_cost"])
    assert 3 == len({each.body["key"] for each in (made, rotated, twice)})
    assert "former_key_until" in rotated.body
    assert {"object": "key", "name": "alice", "deleted": True} == gone.body
    assert "key_not_found" == missing.body["error"]["code"]


async def test_a_name_may_hold_anything_but_a_slash(ask):
    name = "Zoë & co. 100%?"
    await ask("POST", "/api/v1/keys", {"name": name})

    shown = await ask("GET", "/api/v1/keys/Zo%C3%AB%20%26%20co.%20100%25%3F")

    assert name == shown.body["name"]


async def test_keys_are_brought_along_as_json(ask, store):
    hashed = sha256(b"sk-old").hexdigest()

    tried = await ask("POST", "/api/v1/keys/import?dry_run=true", [{"name": "a", "sha256": hashed}])
    done = await ask("POST", "/api/v1/keys/import", {"keys": [{"name": "a", "sha256": hashed}]})

    assert ["ready", "made"] == [each.body["rows"][0]["result"] for each in (tried, done)]
    assert "a" == (await store.key_of(sha256(b"sk-old").digest())).name


async def test_keys_are_brought_along_as_csv(ask):
    text = f"name,sha256\na,{sha256(b'a').hexdigest()}\nb,x\n".encode("utf-8-sig")

    told = await ask("POST", "/api/v1/keys/import", text, content_type="text/csv; charset=utf-8", **OPERATOR)

    assert (200, False, ["left", "wrong"]) == (
        told.status,
        told.body["ok"],
        [row["result"] for row in told.body["rows"]],
    )


PAGES = [
    ("POST", "/api/v1/keys"),
    ("GET", "/api/v1/keys"),
    ("GET", "/api/v1/keys/alice"),
    ("PATCH", "/api/v1/keys/alice"),
    ("DELETE", "/api/v1/keys/alice"),
    ("POST", "/api/v1/keys/alice/rotate"),
    ("POST", "/api/v1/keys/import"),
]


@pytest.mark.parametrize(("method", "path"), PAGES)
@pytest.mark.parametrize("who", ["Bearer secret-of-alice", "secret-of-operator", "Bearer "])
async def test_only_the_operator_is_served(ask, method, path, who):
    answer = await ask(method, path, {"name": "alice"}, authorization=who)

    assert (401, "invalid_api_key") == (answer.status, answer.body["error"]["code"])


async def test_without_an_admin_key_nobody_is_served(store):
    async with served(Desk(key_pages(Locksmith(store, lambda: CONFIG)), Server, lambda: None)) as ask:
        answers = [await ask(method, path) for method, path in PAGES]

    assert {(403, "admin_key_not_set")} == {(each.status, each.body["error"]["code"]) for each in answers}


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allowed"),
    [
        ("PUT", "/api/v1/keys", 405, "method_not_allowed", "GET, POST"),
        ("POST", "/api/v1/keys/alice", 405, "method_not_allowed", "DELETE, GET, PATCH"),
        ("GET", "/api/v1/keys/alice/rotate", 405, "method_not_allowed", "POST"),
        ("GET", "/api/v1/locks", 404, "unknown_url", None),
        ("GET", "/api/v1/keys/a/b/c", 404, "unknown_url", None),
        ("GET", "/api/v1/keys/", 404, "key_not_found", None),
    ],
)
async def test_what_isnt_there_is_said_to_be_missing(ask, method, path, status, code, allowed):
    answer = await ask(method, path)

    assert (status, code) == (answer.status, answer.body["error"]["code"])
    assert allowed == answer.headers.get("allow")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "param"),
    [
        ("POST", "/api/v1/keys", b"{", 400, "invalid_json", None),
        ("POST", "/api/v1/keys", [], 400, "invalid_json", None),
        ("POST", "/api/v1/keys", b" ", 400, "missing_required_parameter", "name"),
        ("POST", "/api/v1/keys", {"name": "a", "team": "x"}, 400, "invalid_value", "team"),
        ("POST", "/api/v1/keys/import", {"x": 1}, 400, "invalid_value", "keys"),
        ("POST", "/api/v1/keys/import?dry_run=perhaps", [], 400, "invalid_value", "dry_run"),
        ("GET", "/api/v1/keys?limit=0", None, 400, "invalid_value", "limit"),
        ("GET", "/api/v1/keys?limit=many", None, 400, "invalid_value", "limit"),
    ],
)
async def test_what_cant_be_read_is_refused(ask, method, path, body, status, code, param):
    answer = await ask(method, path, body)

    error = answer.body["error"]
    assert (status, code, param) == (answer.status, error["code"], error["param"])


async def test_csv_that_isnt_utf8_is_refused(ask):
    answer = await ask("POST", "/api/v1/keys/import", b"name\n\xff", content_type="text/csv", **OPERATOR)

    assert (400, "invalid_csv") == (answer.status, answer.body["error"]["code"])


async def test_head_is_get_without_a_body(ask):
    answer = await ask("HEAD", "/api/v1/keys")

    assert 200 == answer.status


async def test_a_body_is_read_within_limits(store):
    small = replace(CONFIG, server=Server(max_body=100))
    desk = Desk(key_pages(Locksmith(store, lambda: CONFIG)), lambda: small.server, lambda: CONFIG.admin_key)
    async with served(desk) as ask:
        answer = await ask("POST", "/api/v1/keys", {"name": "x" * 200})

    assert 413 == answer.status


async def test_a_page_may_look_for_itself_who_asks():
    async def own(asked: Asked) -> object:
        return {"who": asked.authorization, "names": asked.names, "query": dict(asked.query), "asked": asked.json()}

    desk = Desk([Row("POST", "/api/v1/{}/of/{}", own, operator=False)], Server, lambda: None)
    async with served(desk) as ask:
        answer = await ask("POST", "/api/v1/usage/of/al%2Fice?a=1", {"b": 2}, authorization="Bearer client")

    assert {"who": "Bearer client", "names": ["usage", "al/ice"], "query": {"a": "1"}, "asked": {"b": 2}} == answer.body


@pytest.mark.parametrize("fails", [False, True])
async def test_what_was_begun_is_done_even_if_who_asked_leaves(fails):
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_asked: Asked) -> object:
        begun.set()
        await go_on.wait()
        done.set()
        if fails:
            raise Refusal(409, "too late")
        return {}

    desk = Desk([Row("POST", "/api/v1/slow", slow, operator=False)], Server, lambda: None)
    async with served(desk) as ask:
        asking = asyncio.create_task(ask("POST", "/api/v1/slow"))
        await begun.wait()
        asking.cancel()
        await asyncio.sleep(0.05)
        go_on.set()
        await desk.end()

        assert done.is_set()
        assert asking.cancelled()
