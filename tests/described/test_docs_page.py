"""The page that shows the document, in a browser."""

import pytest
import requests
from playwright.sync_api import expect, sync_playwright

from admin.told.everything import OPERATIONS
from tests.described.conftest import ADMIN, ALICE


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, served):
    """The page before a key was given. *said* is what its console said, *asked* where it went."""
    context = browser.new_context()
    page = context.new_page()
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(f"{served}/api/v1/docs")
    yield page
    context.close()


def open_with(page, key):
    page.get_by_label("Give one of them").fill(key)
    page.get_by_role("button", name="Open").click()


@pytest.mark.parametrize("key", [ADMIN, ALICE])
def test_with_a_key_every_operation_is_shown(page, served, key):
    open_with(page, key)

    expect(page.locator("article")).to_have_count(len(OPERATIONS))
    assert all(url.startswith((f"{served}/api/v1/", "blob:")) for url in page.asked)
    assert [said for said in page.said if "401" not in said] == []


def test_without_a_key_there_is_nothing_to_see(page):
    open_with(page, "somebody-else's")

    expect(page.get_by_role("alert")).to_have_text("Incorrect API key provided.", use_inner_text=True)
    expect(page.locator("article")).to_have_count(0)


def test_an_operation_is_found_by_its_words(page):
    open_with(page, ADMIN)
    page.keyboard.press("Escape")
    page.locator("body").click()
    page.keyboard.press("/")
    page.keyboard.type("rotate secret")

    expect(page.locator("article:visible")).to_have_count(1)
    expect(page.locator("article:visible h3")).to_contain_text("/api/v1/keys/{name}/rotate")


def test_schemas_are_opened_level_by_level(page):
    open_with(page, ADMIN)
    article = page.locator("#post_api_v1_explain")
    article.locator("summary", has_text="stages").first.click()
    article.locator("summary", has_text="candidates").first.click()

    expect(article.get_by_text("rate_limit_left").first).to_be_visible()


def test_it_can_be_read_on_a_telephone(page):
    page.set_viewport_size({"width": 360, "height": 700})
    open_with(page, ADMIN)
    expect(page.locator("article").first).to_be_visible()

    assert 360 == page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("name", ["docs", "docs.css", "docs.js"])
def test_nothing_may_be_run_but_what_is_ours(served, name):
    headers = requests.get(f"{served}/api/v1/{name}", timeout=10).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "nosniff" == headers["x-content-type-options"]
