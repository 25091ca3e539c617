"""A real browser before the product as it is served, with names in it that would do harm if they were read as HTML."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Browser, Page, Request, async_playwright

from tests.whole.conftest import Gateway, gateway
from tests.whole.provider import Provider, ok

CHROMIUM = "/usr/bin/chromium"
KEY = "the-key-of-the-operator"
ALICE = "the-key-of-alice"
HARM = "window.harmed=true"
EVIL_ROUTE = f"<img/src=x/onerror={HARM}>"
EVIL_MODEL = f"p/<svg/onload={HARM}>"
EVIL_FLIGHT = f"<svg/onload={HARM}>"  # a route with a canary
EVIL_KEY = f"<img src=x onerror={HARM}>"
CONFIG = f"""
admin: {{{{key: {KEY}}}}}
state: {{{{directory: "{{folder}}/data"}}}}
service: {{{{budget: 100/day}}}}
teams: {{{{research: {{{{budget: 10/month}}}}}}}}
providers:
  demo: {{{{}}}}
  p: {{{{dialect: openai, base_url: "{{url}}", api_key: k}}}}
  dead: {{{{dialect: openai, base_url: "http://127.0.0.1:9/v1", api_key: k}}}}
routes:
  demo: demo/echo
  "{EVIL_ROUTE}": ["{EVIL_MODEL}", demo/echo]
  broken: demo/fails
  kept: {{{{chain: demo/echo, cache: 10m}}}}
  again: {{{{chain: demo/echo, cache: 10m}}}}
  fallback:
    - dead/gone
    - {{{{on: [unreachable, overloaded], target: demo/echo}}}}
  "{EVIL_FLIGHT}": {{{{chain: demo/echo, canary: {{{{target: "{EVIL_MODEL}", stages: [40%, 80%], minimum: 4}}}}}}}}
  worse: {{{{chain: demo/echo, canary: {{{{target: demo/fails, stages: [100%]}}}}}}}}
  slow: {{{{chain: [demo/slow, demo/echo], hedge: {{{{after: 20ms, at_most: 100%}}}}}}}}
  choice: [{{{{targets: [demo/echo, "{EVIL_MODEL}"], strategy: cost}}}}]
models:
  dead/gone: {{{{price: {{{{input: 100, output: 100}}}}, context: 8192, max_output: 100, quality: 0.5}}}}
  demo/fails: {{{{price: {{{{input: 100, output: 100}}}}, context: 8192, max_output: 100}}}}
  demo/echo: {{{{price: {{{{input: 100, output: 100}}}}, context: 8192, max_output: 100, quality: 0.4}}}}
  "{EVIL_MODEL}": {{{{price: {{{{input: 200, output: 200}}}}, context: 8192, max_output: 100, quality: 0.8}}}}
defaults: {{{{retry: {{{{attempts: 1}}}}}}}}
keys:
  alice: {{{{key: {ALICE}, team: research, budget: 5/day}}}}
  "{EVIL_KEY}": {{{{key: the-key-of-eve}}}}
  stopped:
    key: the-key-of-stan
    budget: 0/day
    limits: {{{{requests: [5/s, 60/min], concurrent: 4}}}}
    disabled: true
"""
SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def yard(folder) -> AsyncIterator[Gateway]:
    """The product, with nothing called yet."""
    log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY)
    try:
        async with Provider(ok()) as provider:
            config = CONFIG.format(folder=folder, url=provider.url)
            async with gateway(config, folder, log) as served:
                yield served
    finally:
        os.close(log)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served(tmp_path_factory) -> AsyncIterator[Gateway]:
    """The product after some calls: good ones, one that fell back, one that was refused, all with hostile names."""
    async with yard(tmp_path_factory.mktemp("yard")) as served:
        for model, key in [("demo", ALICE), ("fallback", ALICE), (EVIL_ROUTE, "the-key-of-eve"), ("choice", ALICE)]:
            answer = await served.chat(model, headers={"authorization": f"Bearer {key}"})
            assert answer.status == 200, answer.raw
        refused = await served.chat("demo", headers={"authorization": f"Bearer {ALICE}"}, max_tokens=-1)
        assert refused.status == 400
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fresh(tmp_path_factory) -> AsyncIterator[Gateway]:
    """The product before its first call."""
    async with yard(tmp_path_factory.mktemp("fresh")) as served:
        yield served


class Visit:
    """A page of the browser. What goes wrong in it, and whom it asks, is written down."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.refused: set[int] = set()  # statuses that are to be expected
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith("data:"):
            self.hosts.add(urlsplit(request.url).netloc)

    async def enter(self) -> None:
        """By the door, as everybody does the first time."""
        await self.page.goto(f"{self.url}/dashboard")
        await self.page.fill("#key", KEY)
        await self.page.click("text=Log in")
        await self.page.wait_for_selector(".rail")

    async def turn(self, path: str) -> None:
        await self.page.goto(f"{self.url}/dashboard/#/{path}", wait_until="domcontentloaded")

    async def see(self, path: str) -> None:
        await self.turn(path)
        # For a moment the place before it still stands there.
        place = await self.page.evaluate("CSS.escape(location.hash)")
        await self.page.wait_for_selector(f"main[data-place={place}] h1")

    async def text(self, selector: str = "main") -> str:
        return await self.page.inner_text(selector)

    async def leave(self) -> None:
        """All that must hold of every visit."""
        harmed = await self.page.evaluate("window.harmed === true")
        permitted = tuple(f"status of {status}" for status in self.refused)
        await self.page.context.close()

        assert [error for error in self.errors if not any(one in error for one in permitted)] == []
        assert self.hosts <= {urlsplit(self.url).netloc}
        assert not harmed


@asynccontextmanager
async def visiting(browser: Browser, url: str, size: str = "wide", **facts: object) -> AsyncIterator[Visit]:
    context = await browser.new_context(viewport=SIZES[size], **facts)
    context.set_default_timeout(8000)
    visit = Visit(await context.new_page(), url)
    yield visit
    await visit.leave()


async def cookie(served: Gateway) -> dict[str, object]:
    """Of somebody who has been at the door already."""
    login = {"content-type": "application/json"}
    answer = await served.request("POST", "/dashboard/login", {"key": KEY}, **login)
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    kept = {"name": name, "value": value, "domain": "127.0.0.1", "path": "/", "httpOnly": True, "sameSite": "Strict"}
    return {"cookies": [{**kept, "expires": -1, "secure": False}], "origins": []}


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser, served) -> AsyncIterator[Visit]:
    """Somebody who is in."""
    async with visiting(browser, served.url, storage_state=await cookie(served)) as visit:
        await visit.see("money")
        yield visit
