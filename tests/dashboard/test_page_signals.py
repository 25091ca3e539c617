"""Canaries, alerts and kept answers on the operators' page: how they stand, and moving them by hand."""

import re

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import ALICE, EVIL_FLIGHT, EVIL_MODEL, cookie, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")
HARMFUL = {
    "event": EVIL_MODEL,
    "kind": "error_rate",
    "scope": f"route/{EVIL_FLIGHT}",
    "state": "firing",
    "since": 1.7e9,
}


def flight(visit, route=EVIL_FLIGHT):
    return visit.page.locator(".tracks section", has=visit.page.locator("h2", has_text=route)).locator(".flight")


async def calls(served, model, number=8):
    for session in range(number):
        await served.chat(model, headers={"authorization": f"Bearer {ALICE}"}, user=f"session {session}")


async def test_a_canary_is_shown_beside_the_rest_of_its_route(visit, served):
    await calls(served, EVIL_FLIGHT, 12)
    await visit.see("routes")
    canary = flight(visit)

    await expect(canary).to_contain_text(f"Canary {EVIL_MODEL}")
    await expect(canary.locator(".pill").first).to_have_text("running")
    await expect(canary).to_contain_text("40 % of sessions try it; goes on after 30 min and 4 calls")
    await expect(canary.locator(".stages [aria-current=step]")).to_have_text("40 %")
    await expect(canary.locator("tbody tr")).to_have_count(5)
    counted = [int(one) for one in (await canary.locator("tbody tr").first.inner_text()).split()[1:3]]
    assert min(counted) > 0, counted
    await expect(canary.locator("tbody")).to_contain_text(re.compile(r"Calls that fail\s*0 %\s*0 %\s*2.0 %\s*fine"))


async def test_a_canary_that_went_back_says_why(visit, served):
    await visit.see("live")
    await expect(visit.page.locator("#pulse")).to_have_text("Live")
    await calls(served, "worse")
    await expect(visit.page.locator(".heard")).to_contain_text("canary rolled back, route/worse: 100.0%", timeout=15000)
    await visit.see("routes")
    canary = flight(visit, "worse")

    await expect(canary.locator(".pill").first).to_have_text("rolled back", timeout=15000)
    await expect(canary).to_contain_text(re.compile(r"Rolled back \d+ s ago: 100.0% of its calls failed"))
    await expect(canary.locator("tbody")).to_have_count(0)
    await expect(canary.get_by_role("button", name="Stop …")).to_be_disabled()


async def test_a_canary_is_stopped_and_begun_anew_by_the_keyboard_alone(visit):
    await visit.see("routes")
    canary = flight(visit)
    await canary.get_by_role("button", name="Stop …").focus()
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.locator("dialog h2")).to_have_text(f"Stop the canary of {EVIL_FLIGHT}")
    await visit.page.keyboard.press("Escape")
    await expect(canary.locator(".pill").first).to_have_text("running")

    await canary.get_by_role("button", name="Stop …").focus()
    await visit.page.keyboard.press("Enter")
    await visit.page.keyboard.press("Tab")
    await visit.page.keyboard.press("Enter")
    await expect(canary.locator(".pill").first).to_have_text("stopped")
    await expect(canary).to_contain_text("stopped by the operator")

    await canary.get_by_role("button", name="Begin anew …").click()
    await visit.page.click("dialog >> button:has-text('Begin anew')")
    await expect(canary.locator(".pill").first).to_have_text("running")


async def test_canaries_that_cant_be_read_leave_the_rest_of_the_page(visit):
    visit.refused = {503}
    await visit.page.route("**/api/v1/canaries", lambda route: route.fulfill(status=503, body="{}"))
    await visit.see("routes")

    await expect(flight(visit)).to_contain_text("can’t be read at the moment")
    await expect(visit.page.locator(".tracks")).to_contain_text("fallback")


async def test_without_a_canary_the_page_says_what_one_is_good_for(visit):
    async def without(route):
        answer = await (await route.fetch()).json()
        await route.fulfill(json={**answer, "data": [{**one, "canary": None} for one in answer["data"]]})

    await visit.page.route("**/api/v1/routes", without)
    await visit.see("routes")

    await expect(visit.page.locator(".tracks .hint")).to_contain_text("No route has a canary")
    await expect(visit.page.locator(".tracks .hint pre")).to_contain_text("stages: [1%, 5%, 25%]")


async def test_what_stands_is_on_every_page(browser, served):
    async def two(route):
        refused = {"event": "config_refused", "kind": "config", "scope": "config", "state": "firing", "since": 1.7e9}
        problems = [f"routes.{EVIL_MODEL}: unknown"]
        told = [
            {**HARMFUL, "message": f"{EVIL_MODEL} fails."},
            {**refused, "message": "It was refused.", "problems": problems},
        ]
        await route.fulfill(json={"object": "list", "data": told})

    async with visiting(browser, served.url, storage_state=await cookie(served)) as visit:
        await visit.page.route("**/api/v1/alerts", two)
        await visit.see("live")
        await expect(visit.page.locator(".rail .badge")).to_have_text("2")
        await visit.page.click(".heard >> text=2 alerts not mended yet")
        rows = visit.page.locator(".notices li")
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text(f"{EVIL_MODEL} fails.")
        await expect(rows.last.locator("pre")).to_have_text(f"routes.{EVIL_MODEL}: unknown")
        await rows.first.locator("a").click()
        await expect(visit.page.locator("main h1")).to_have_text("Routes")


async def test_a_test_of_the_webhook_says_that_there_is_none(visit):
    visit.refused = {409}
    await visit.see("alerts")
    await visit.page.click("text=Send a test")

    await expect(visit.page.locator(".toast.bad")).to_contain_text("There is nobody to tell")


async def test_alerts_that_come_are_heard(visit, served):
    await visit.see("live")
    await expect(visit.page.locator("#pulse")).to_have_text("Live")
    await calls(served, "worse")
    before = served.config.read_text()
    served.config.write_text(before + "routes_: {}\n")
    await served.request("POST", "/admin/reload", authorization="Bearer the-key-of-the-operator")
    try:
        await visit.see("alerts")
        await expect(visit.page.locator(".notices")).to_contain_text("config", timeout=15000)
        await expect(visit.page.locator(".notices pre")).to_contain_text("unknown key routes_")
    finally:
        served.config.write_text(before)
        await served.request("POST", "/admin/reload", authorization="Bearer the-key-of-the-operator")


async def test_answers_of_a_route_are_taken_out_from_its_row_once_one_is_sure(visit, served):
    for _ in range(2):
        await served.chat("again", headers={"authorization": f"Bearer {ALICE}"})
    await visit.see("cache")
    await visit.page.locator("tbody tr", has_text="again").get_by_role("button", name="Clear …").click()
    await visit.page.click("dialog >> text=Cancel")
    await expect(visit.page.locator(".toast")).to_have_count(0)
    await visit.page.locator("tbody tr", has_text="again").get_by_role("button", name="Clear …").click()
    await visit.page.click("text=Take them out")

    await expect(visit.page.locator(".toast")).to_have_text("1 answer taken out.")


async def test_nothing_is_taken_out_without_a_name(visit):
    await visit.see("cache")
    await visit.page.click("main > header >> text=Clear …")
    await visit.page.select_option("#f-kind", "tag")
    await visit.page.click("text=Go on …")

    await expect(visit.page.locator(".toast.bad")).to_contain_text("Which tag?")
