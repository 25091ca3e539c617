"""What browsers ask before a page may call, and what such pages can read."""

import pytest

from tests.whole.provider import Provider, ok, streams, words

OPEN = """
providers:
  a: {{dialect: openai, api_key: sk-secret-of-a, base_url: "{url}"}}
routes:
  m: a/one
"""
PAGES = """
server: {{shortcut: SHORT, cors: {{origins: [https://app.example.com], headers: [authorization, x-mine], max_age: 5m}}}}
"""
APP, EVIL = {"origin": "https://app.example.com"}, {"origin": "https://evil.example.com"}
SHORT = ["true", "false"]


def cors(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("access-control")}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/health"])
async def test_a_page_that_may_call_is_told_how(start, path):
    config = PAGES.replace("SHORT", "true") + OPEN
    async with Provider(ok()) as provider, start(config.format(url=provider.url)) as gateway:
        ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        may = await gateway.request("OPTIONS", path, **APP, **ask)
        may_not = await gateway.request("OPTIONS", path, **EVIL, **ask)

    told = cors(may.headers)
    assert (204, b"", "origin") == (may.status, may.raw, may.headers["vary"])
    assert "https://app.example.com" == told["access-control-allow-origin"]
    assert {"GET", "POST", "OPTIONS"} == set(told["access-control-allow-methods"].split(", "))
    assert {"authorization", "x-mine"} == set(told["access-control-allow-headers"].split(", "))
    assert "300" == told["access-control-max-age"]
    assert "content-length" not in may.headers
    assert "access-control-allow-origin" not in may_not.headers
    assert "origin" == may_not.headers["vary"]


@pytest.mark.parametrize("short", SHORT)
async def test_answers_errors_and_streams_can_be_read_by_that_page(start, short):
    config = PAGES.replace("SHORT", short) + OPEN
    async with (
        Provider(ok(), streams(words("x"))) as provider,
        start(config.format(url=provider.url)) as gateway,
    ):
        answers = [
            await gateway.chat(headers=APP),
            await gateway.chat(headers=APP, stream=True),
            await gateway.chat("nope", headers=APP),
            await gateway.get("/v1/models", **APP),
            await gateway.get("/nowhere", **APP),
        ]

    assert [200, 200, 404, 200, 404] == [answer.status for answer in answers]
    assert {"https://app.example.com"} == {answer.headers["access-control-allow-origin"] for answer in answers}
    for answer in answers:
        exposed = set(answer.headers["access-control-expose-headers"].split(", "))
        assert {name for name in answer.headers if name.startswith("x-")} <= exposed | {"x-accel-buffering"}
        assert {"x-switchyard-dropped", "x-switchyard-config", "x-should-retry", "retry-after"} <= exposed


@pytest.mark.parametrize("short", SHORT)
async def test_other_pages_cannot_read_them(start, short):
    config = PAGES.replace("SHORT", short) + OPEN
    async with Provider(ok()) as provider, start(config.format(url=provider.url)) as gateway:
        evil = await gateway.chat(headers=EVIL)
        nobody = await gateway.chat()

    assert [(200, {}), (200, {})] == [(answer.status, cors(answer.headers)) for answer in (evil, nobody)]
    assert "origin" == evil.headers["vary"]


@pytest.mark.parametrize("origins", ["https://app.example.com", "'*'"])
async def test_official_clients_may_send_their_headers_from_pages_that_may_call(start, origins):
    config = f"server: {{{{cors: {{{{origins: [{origins}]}}}}}}}}\n" + OPEN
    wanted = "authorization,content-type,X-Stainless-Lang, x-stainless-retry-count,openai-project,x-switchyard-priority"
    ask = {"access-control-request-method": "POST", "access-control-request-headers": f"{wanted},x-odd,x-stainless-?"}
    async with Provider(ok()) as provider, start(config.format(url=provider.url)) as gateway:
        may = await gateway.request("OPTIONS", "/v1/chat/completions", **APP, **ask)
        other = await gateway.request("OPTIONS", "/v1/chat/completions", **EVIL, **ask)

    usual = {"authorization", "content-type", "x-request-id"}
    official = {"x-stainless-lang", "x-stainless-retry-count", "openai-project", "x-switchyard-priority"}
    told = [set(each.headers["access-control-allow-headers"].split(", ")) for each in (may, other)]
    assert [usual | official, usual | official if "*" in origins else usual] == told


async def test_any_page_may_call_where_the_operator_says_so(start):
    config = "server: {{cors: {{origins: ['*']}}}}\n" + OPEN
    async with Provider(ok()) as provider, start(config.format(url=provider.url)) as gateway:
        answer = await gateway.chat(headers=EVIL)

    assert "*" == answer.headers["access-control-allow-origin"]


async def test_without_origins_there_is_no_word_of_them(start):
    async with Provider(ok()) as provider, start(OPEN.format(url=provider.url)) as gateway:
        asked = await gateway.request("OPTIONS", "/v1/chat/completions", **APP)
        answer = await gateway.chat(headers=APP)

    assert (204, {}, {}) == (asked.status, cors(asked.headers), cors(answer.headers))
    assert "POST" == asked.headers["allow"]
