"""Which pictures there are, and what one does at a page before it is taken."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from playwright.async_api import Page, expect

QUERY = """query {
  health {
    status
    info { redis { status details { latency } } }
  }
  models(task: "coding", maxCost: 5, best: true) {
    id provider contextWindow
    prices { inputUsdPerMillion outputUsdPerMillion }
    live { calls errorRate firstContentMs { p50 p95 } }
  }
}"""


class Picture(NamedTuple):
    """*path* is where the page is, *ready* what waits until it shows what it should."""

    name: str
    path: str
    ready: Callable[[Page], Awaitable[None]]
    dark: bool = False
    wide: int = 1280
    high: int = 800


async def live(page: Page) -> None:
    await expect(page.locator("#pulse")).to_have_text("Live")
    await expect(page.locator(".list tbody tr").first).to_be_visible()
    await page.wait_for_timeout(1500)


async def money(page: Page) -> None:
    await expect(page.locator("section", has_text="Budgets").locator("tbody tr").first).to_be_visible()
    await page.wait_for_timeout(1000)


async def settled(page: Page) -> None:
    await expect(page.locator("main h1")).to_be_visible()
    await page.wait_for_timeout(1500)


async def described(page: Page) -> None:
    await expect(page.locator("#list a").first).to_be_visible()
    await page.locator("#list a", has_text="/api/v1/models/compare").first.click()
    await page.wait_for_timeout(500)


async def asked(page: Page) -> None:
    await expect(page.locator("#schema")).to_contain_text("Query")
    await page.fill("#query", QUERY)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#answer")).to_contain_text("firstContentMs", timeout=15000)
    await page.locator("#schema details").first.evaluate("(each) => (each.open = true)")


async def played(page: Page) -> None:
    await page.fill("#model", "fast")
    await page.fill("#client-key", "key-of-checkout")
    await page.fill("#text", "What does a switchyard do?")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".answer")).to_contain_text("this call", timeout=15000)


ALBUM = (
    Picture("dashboard-live", "dashboard/#/live", live),
    Picture("dashboard-money", "dashboard/#/money", money, dark=True, high=820),
    Picture("dashboard-routes", "dashboard/#/routes", settled, high=1010),
    Picture("dashboard-play", "dashboard/#/play", played, dark=True, high=880),
    Picture("dashboard-cache", "dashboard/#/cache", settled, high=610),
    Picture("dashboard-alerts", "dashboard/#/alerts", settled, dark=True, high=700),
    Picture("dashboard-phone", "dashboard/#/routes", settled, wide=390, high=844),
    Picture("api-description", "api/v1/docs", described),
    Picture("graphql", "graphql", asked, dark=True, high=760),
)
