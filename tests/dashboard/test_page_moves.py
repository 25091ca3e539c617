"""What operators move by the page: targets in and out, the configuration; and the picture of where calls go."""

import re

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import ALICE, EVIL_MODEL, EVIL_ROUTE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_target_is_benched_and_brought_back_by_hand(visit):
    await visit.see("targets")
    row = visit.page.locator("tbody tr", has_text=EVIL_MODEL)
    await row.get_by_role("button", name="Bench …").click()
    await expect(visit.page.locator("dialog h2")).to_have_text(f"Bench {EVIL_MODEL}")
    await visit.page.fill("#f-reason", "<b>garbled</b>")
    await visit.page.click("dialog >> button:has-text('Bench')")
    await expect(row).to_contain_text("benched for")
    await expect(row.locator(".pill").first).to_have_attribute("title", "<b>garbled</b>")
    await row.get_by_role("button", name="Unbench").click()

    await expect(row).not_to_contain_text("benched")


async def test_targets_show_their_breakers_and_can_be_filtered(visit, served):
    for _ in range(6):
        await served.chat("broken", headers={"authorization": f"Bearer {ALICE}"})
    await visit.see("targets")
    await visit.page.fill("[data-search]", "fails")

    await expect(visit.page.locator("tbody tr")).to_have_count(1)
    await expect(visit.page.locator("tbody tr")).to_contain_text("open")


async def test_signals_tell_of_breakers_and_benches(visit):
    await visit.see("live")
    await expect(visit.page.locator("#pulse")).to_have_text("Live")
    await visit.see("targets")
    row = visit.page.locator("tbody tr", has_text=EVIL_MODEL)
    await row.get_by_role("button", name="Bench …").click()
    await visit.page.click("dialog >> button:has-text('Bench')")
    await row.get_by_role("button", name="Unbench").click()
    await visit.see("live")

    await expect(visit.page.locator(".heard li")).to_have_count(2)
    await expect(visit.page.locator(".heard")).to_contain_text(EVIL_MODEL)


async def test_kept_answers_are_counted_and_can_be_taken_out(visit, served):
    for _ in range(2):
        await served.chat("kept", headers={"authorization": f"Bearer {ALICE}"})
    await visit.see("cache")
    await expect(visit.page.locator(".figures")).to_contain_text(re.compile(r"\d of \d"))
    await expect(visit.page.locator("tbody tr", has_text="kept")).to_contain_text(re.compile(r"kept\s*1\s*50 %\s*1"))
    await visit.page.click("text=Clear …")
    await visit.page.select_option("#f-kind", "route")
    await visit.page.fill("#f-value", "kept")
    await visit.page.click("text=Go on …")
    await expect(visit.page.locator("dialog h2")).to_have_text("Take out the answers of route kept?")
    await visit.page.click("text=Take them out")

    await expect(visit.page.locator(".toast")).to_have_text("1 answer taken out.")


async def test_questions_that_were_alike_are_shown_as_they_were_written(visit):
    async def with_one(route):
        answer = await route.fetch()
        alike = {"similarity": 0.981, "asked": EVIL_MODEL, "like": EVIL_ROUTE, "outcome": "would_hit", "time": 1.7e9}
        await route.fulfill(json={**await answer.json(), "samples": [{**alike, "route": "kept", "key": "alice"}]})

    await visit.page.route("**/api/v1/cache*", with_one)
    await visit.see("cache")
    shown = visit.page.locator("section", has_text="Questions that were alike")

    await expect(shown).to_contain_text("98 %")
    await expect(shown).to_contain_text(EVIL_MODEL)


async def test_a_route_is_drawn_with_where_calls_really_went(visit):
    await visit.see("routes")
    route = visit.page.locator(".tracks section", has_text="fallback")

    await expect(route).to_contain_text("2 · after overloaded, unreachable")
    await expect(route.locator("path.rail")).to_have_count(2)
    await expect(route.locator("svg")).to_have_attribute(
        "aria-label", re.compile("Route fallback: dead/gone, then demo/echo")
    )
    await expect(visit.page.locator(".tracks")).to_contain_text(EVIL_ROUTE)
    await visit.page.fill("[data-search]", "nothing of that name")
    await expect(visit.page.locator("main")).to_contain_text("No such route")


async def test_the_configuration_is_shown_without_secrets_and_read_again(visit, served):
    visit.refused = {422}
    await visit.see("config")
    await expect(visit.page.locator("main")).to_contain_text(EVIL_ROUTE)
    assert ALICE not in await visit.text()
    before = served.config.read_text()
    served.config.write_text(before + "routes_: {}\n")
    await visit.page.click("text=Reload")
    await expect(visit.page.locator("main")).to_contain_text("unknown key routes_")
    await expect(visit.page.locator(".pill.bad")).to_have_text("refused")
    served.config.write_text(before)
    await visit.page.click("text=Reload")

    await expect(visit.page.locator(".pill.good")).to_have_text("taken")
