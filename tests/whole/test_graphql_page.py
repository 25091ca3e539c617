"""The page on which operations are tried, in a real browser."""

from urllib.parse import urlsplit

import orjson
from playwright.async_api import async_playwright, expect

from tests.whole.provider import streams, words
from tests.whole.test_complete import served

KEY = "the-key-of-the-operator"
HARM = "<img src=x onerror=window.harmed=1>"
QUERY = """subscription ($input: CompletionInput!) { completionStream(input: $input) { done content target } }"""


async def test_the_operator_reads_the_schema_and_sees_a_stream(start, tmp_path):
    errors, hosts = [], set()
    async with (
        served(start, streams(words(HARM, "lo"))) as gateway,
        async_playwright() as play,
        await play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"]) as browser,
        await browser.new_page() as page,
    ):
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        shut = await page.goto(f"{gateway.url}/graphql")
        assert 401 == shut.status
        await page.goto(f"{gateway.url}/dashboard/")
        await page.fill("#key", KEY)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".rail")
        errors.clear()  # what was refused until then

        await page.goto(f"{gateway.url}/graphql")
        await expect(page.locator("#schema")).to_contain_text("completionStream(input: CompletionInput!)")
        await page.fill("#query", QUERY)
        await page.fill("#variables", orjson.dumps({"input": {"prompt": "hi", "model": "m"}}).decode())
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#answer")).to_contain_text('"done": true')
        await expect(page.locator("#answer")).to_contain_text(HARM)
        await expect(page.locator("#state")).to_contain_text("ms")
        await page.fill("#query", "{ nothing }")
        await page.click("#run")
        await expect(page.locator("#answer")).to_contain_text("Cannot query field 'nothing'")
        harmed = await page.evaluate("window.harmed")
        await page.screenshot(path=tmp_path / "page.png")

    assert [] == errors
    assert {urlsplit(gateway.url).netloc} == hosts
    assert harmed is None
