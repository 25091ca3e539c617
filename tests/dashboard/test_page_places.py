"""Each thing that the operators' page does, done in a browser, with hostile names in everything that is shown."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.dashboard.conftest import ALICE, EVIL_KEY, EVIL_MODEL, EVIL_ROUTE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_call_is_seen_while_it_comes_by(visit, served):
    await visit.see("live")
    await expect(visit.page.locator("#pulse")).to_have_text("Live")
    answer = await served.chat("demo", headers={"authorization": f"Bearer {ALICE}"}, stream=True)
    link = visit.page.locator(f'a[href="#/call/{answer.headers["x-request-id"]}"]')

    await expect(link).to_be_visible(timeout=4000)
    await expect(visit.page.locator("main")).to_contain_text(EVIL_ROUTE)
    await expect(visit.page.locator("main")).to_contain_text(EVIL_MODEL)


async def test_calls_that_come_by_can_be_filtered_and_held_still(visit):
    await visit.see("live")
    await visit.page.fill("[data-search]", "dead")
    await expect(visit.page.locator(".list tbody tr")).to_have_count(0)
    await visit.page.fill("[data-search]", "fallback")
    await expect(visit.page.locator(".list tbody tr")).to_have_count(1)
    await visit.page.check("#still")
    await visit.page.wait_for_timeout(700)

    assert "fallback" in await visit.text(".list tbody")


async def test_every_budget_is_shown_with_what_is_coming(visit):
    await visit.see("money")
    budgets = visit.page.locator("section", has_text="Budgets").locator("tbody tr")

    await expect(budgets).to_have_count(4)
    told = re.sub(r"\s+", " ", await visit.text("section:has-text('Budgets') tbody"))
    assert re.search(r"service everything .* \$100.00 / day", told)
    assert re.search(r"team research .* \$10.00 / month", told)
    assert re.search(r"key alice .* \$5.00 / day", told)


async def test_what_the_cache_saved_stands_beside_what_was_spent(visit, served):
    for _ in range(2):
        await served.chat("kept", headers={"authorization": f"Bearer {ALICE}"})
    async with asyncio.timeout(5):
        while not (await served.get("/api/v1/usage", authorization=f"Bearer {ALICE}")).body["saved_usd"]:
            await asyncio.sleep(0.05)
    await visit.see("cache")
    await visit.see("money")

    await expect(visit.page.locator("main .figures")).to_contain_text(re.compile(r"Saved\s*\$0\.00.*by the cache"))


async def test_costs_are_parted_as_one_likes(visit):
    await visit.see("money")
    shares = visit.page.locator("section", has_text="Spent by")
    await expect(shares).to_contain_text(EVIL_KEY)
    await shares.get_by_role("button", name="Route").click()
    await expect(shares).to_contain_text(EVIL_ROUTE)
    await shares.get_by_role("button", name="Today").click()
    await expect(shares.get_by_role("button", name="Today")).to_have_attribute("aria-pressed", "true")

    await expect(shares).to_contain_text("fallback")


async def test_a_key_is_made_shown_once_changed_rotated_and_revoked(visit, served):
    page, name = visit.page, EVIL_KEY.replace("img", "b")
    await visit.see("keys")
    await page.click("text=New key …")
    for field, value in {"name": name, "usd": "7", "requests": "60/min", "models": "demo, choice"}.items():
        await page.fill(f"#f-{field}", value)
    await page.click("text=Make it")
    secret = await page.inner_text("dialog pre")
    await page.click("text=I have kept it")
    row = page.locator("tbody tr", has_text=name)
    await expect(row).to_contain_text("$7.00/month")
    assert 200 == (await served.chat("demo", headers={"authorization": f"Bearer {secret}"})).status
    assert secret not in await page.content()

    await row.get_by_role("button", name="Limits …").click()
    await page.fill("#f-usd", "9")
    await page.fill("#f-requests", "")
    await page.click("dialog >> text=Save")
    await expect(row).to_contain_text("$9.00/month")
    await expect(row).not_to_contain_text("60/min")

    await row.get_by_role("button", name="Rotate …").click()
    await page.fill("#f-grace", "0s")
    await page.click("dialog >> button:has-text('Rotate')")
    assert secret != await page.inner_text("dialog pre")
    await page.click("text=I have kept it")

    await row.get_by_role("button", name="Disable").click()
    await expect(row).to_contain_text("disabled")
    await row.get_by_role("button", name="Enable").click()
    await expect(row).to_contain_text("active")

    await row.get_by_role("button", name="Revoke …").click()
    await page.click("dialog >> button:has-text('Revoke')")
    await expect(page.locator("main")).to_contain_text("No key was made at run time")


async def test_keys_of_the_configuration_are_told_with_what_limits_them(visit):
    await visit.see("keys")
    alice = visit.page.locator("tbody tr", has_text="alice")
    stopped = visit.page.locator("tbody tr", has_text="stopped")

    for told in ("active", "research", "$5.00/day"):
        await expect(alice).to_contain_text(told)
    for told in ("disabled", "$0/day", "5/s and 60/min requests", "4 at a time"):
        await expect(stopped).to_contain_text(told)


async def test_a_budget_of_nothing_is_spent(visit):
    await visit.see("money")
    row = visit.page.locator("tbody tr", has_text="stopped").first

    for told in ("100 %", "spent"):
        await expect(row).to_contain_text(told)


async def test_what_is_wrong_with_a_key_is_said(visit):
    visit.refused = {400}
    await visit.see("keys")
    await visit.page.click("text=New key …")
    await visit.page.fill("#f-name", "carol")
    await visit.page.fill("#f-requests", "many")
    await visit.page.click("text=Make it")

    await expect(visit.page.locator(".toast.bad")).to_contain_text("requests")


async def test_a_call_is_found_and_its_attempts_are_on_a_line(visit):
    await visit.see("calls")
    await expect(visit.page.locator("tbody")).to_contain_text(EVIL_KEY)
    await visit.page.fill("[data-search]", "dead/gone")
    await expect(visit.page.locator("tbody tr")).to_have_count(1)
    await visit.page.click("tbody a")

    await expect(visit.page.locator(".line li")).to_have_count(2)
    await expect(visit.page.locator(".line li").first).to_contain_text("unreachable")
    await expect(visit.page.locator(".line li").last).to_contain_text("answered")
    await expect(visit.page.locator("main")).to_contain_text("usd:key/alice:day")


async def test_a_hedge_is_told_from_the_attempt_beside_it(visit, served):
    answer = await served.chat("slow", headers={"authorization": f"Bearer {ALICE}"})
    await visit.see(f"call/{answer.headers['x-request-id']}")

    await expect(visit.page.locator(".line li")).to_have_count(2)
    await expect(visit.page.locator(".line li").first).not_to_contain_text("hedge")
    await expect(visit.page.locator(".line li").last).to_contain_text("hedge")
    await expect(visit.page.locator("main")).to_contain_text("a hedge was quicker")


async def test_a_calls_decision_is_told(visit):
    await visit.see("calls/route/choice")
    await expect(visit.page.locator("tbody tr")).to_have_count(1)
    await visit.page.click("tbody a")

    await expect(visit.page.locator(".decision")).to_contain_text("cost")
    await expect(visit.page.locator(".decision tbody tr")).to_have_count(2)
    await expect(visit.page.locator(".decision")).to_contain_text(EVIL_MODEL)


async def test_a_whole_id_leads_straight_to_its_call(visit, served):
    answer = await served.chat("demo", headers={"authorization": f"Bearer {ALICE}"})
    id = answer.headers["x-request-id"]
    await visit.see("calls/key/alice")
    await visit.page.fill("[data-search]", id)
    await visit.page.keyboard.press("Enter")

    await expect(visit.page.locator("main .line li")).to_have_count(1)
    await expect(visit.page.locator("main header")).to_contain_text(id)


async def test_an_answer_streams_beside_its_explanation(visit):
    await visit.see("play")
    await visit.page.fill("#model", "choice")
    await visit.page.fill("#client-key", ALICE)
    await visit.page.fill("#text", "<b>Hello</b>")
    await visit.page.keyboard.press("Control+Enter")

    await expect(visit.page.locator(".said")).to_contain_text("You said: “<b>Hello</b>”")
    await expect(visit.page.locator(".answer")).to_contain_text("demo/echo")
    why = visit.page.locator("section", has_text="Why there")
    await expect(why).to_contain_text("First: demo/echo")
    await expect(why).to_contain_text(EVIL_MODEL)
    await visit.page.click("text=this call")
    await expect(visit.page.locator("main h1")).to_have_text("Call")


async def test_an_answer_that_takes_long_can_be_stopped(visit):
    await visit.see("play")
    await visit.page.fill("#model", "demo")
    await visit.page.fill("#client-key", ALICE)
    await visit.page.fill("#text", "[[words 90]] [[pace 100ms]]")
    await visit.page.click("text=Send")
    await expect(visit.page.locator(".said")).to_contain_text("Switchyard")
    await visit.page.click("text=Stop")

    await expect(visit.page.locator(".said")).to_contain_text("Stopped.")


async def test_a_call_without_a_key_says_where_to_get_one(visit):
    visit.refused = {401}
    await visit.see("play")
    await visit.page.fill("#model", "demo")
    await visit.page.fill("#text", "Hello")
    await visit.page.click("text=Send")

    await expect(visit.page.locator(".said")).to_contain_text("make one under Keys")


async def test_models_are_a_picture_of_cost_and_quality(visit):
    await visit.see("models")

    await expect(visit.page.locator(".dot")).not_to_have_count(0)
    await expect(visit.page.locator("svg.scatter")).to_contain_text(EVIL_MODEL)
    await expect(visit.page.locator("tbody")).to_contain_text(EVIL_MODEL)
    await visit.page.get_by_role("button", name="Seen per call").click()
    await visit.page.get_by_role("button", name="First word").click()
    await expect(visit.page.locator("main")).to_contain_text(re.compile("dollars per call|Nothing to plot yet"))
