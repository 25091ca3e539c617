"""What becomes of discovered models when the configuration changes."""

import asyncio

import pytest

from tests.process.running import until
from tests.whole.lists import CONFIG, OPERATOR, listed, lists, names, reload, shelf
from tests.whole.provider import Provider, hangs


async def test_a_reload_keeps_what_was_seen_and_what_is_under_way(start):
    text = CONFIG.replace("discover: 1s", "discover: 1h")
    async with Provider(shelf(lists("a"))) as provider, start(text.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "lab/a"), 5)

        await reload(gateway, text.format(url=provider.url) + '  "your-*": lab/*\n')
        found = await names(gateway)
        await asyncio.sleep(0.7)

    assert ["m", "your-a", "my-a", "lab/a"] == found
    assert 1 == len(provider.requests)


@pytest.mark.parametrize(
    ("old", "new"), [("[sk-one, sk-two]", "[sk-new]"), ("org-7", "org-8"), ("{url}", "{url}/")], ids=str
)
async def test_a_reload_that_changes_who_answers_forgets_what_was_seen(start, old, new):
    text = CONFIG.replace("discover: 1s", "discover: 1h")
    play = shelf(lists("a"), lists("b"))
    changed = text.replace(old, new)
    async with Provider(play) as provider, start(text.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "lab/a"), 5)

        await reload(gateway, changed.format(url=provider.url))
        at_once = await names(gateway)
        same = old == "{url}"  # the slash at the end means nothing
        await until(lambda: listed(gateway, "lab/a" if same else "lab/b"), 5)
        times = len(provider.requests)

    assert (["m", "my-a", "lab/a"] if same else ["m"]) == at_once
    assert (1 if same else 2) == times


async def test_a_reload_begins_and_ends_to_look(start):
    off = CONFIG.replace("discover: 1s, ", "")
    async with Provider(shelf(lists("a"), lists("b"))) as provider, start(off.format(url=provider.url)) as gateway:
        await reload(gateway, CONFIG.format(url=provider.url))
        await until(lambda: listed(gateway, "lab/a"), 5)

        await reload(gateway, off.format(url=provider.url))
        found = await names(gateway)
        health = await gateway.get("/health", **OPERATOR)
        times = len(provider.requests)
        await asyncio.sleep(1.5)

    assert ["m"] == found
    assert "discovery" not in health.body["providers"]["lab"]
    assert times == len(provider.requests)


async def test_a_reload_while_a_list_hangs_lets_go_of_it(start):
    play = shelf(hangs(), lists("b"))
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: provider.requests, 5)

        await reload(gateway, CONFIG.format(url=provider.url).replace("discover: 1s", "discover: 1h"))
        await until(lambda: listed(gateway, "lab/b"), 5)

        assert provider.requests[0].gone.is_set()


async def test_a_reload_that_is_refused_changes_nothing(start):
    async with Provider(shelf(lists("a"))) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "lab/a"), 5)
        gateway.config.write_text(CONFIG.format(url=provider.url).replace("discover: 1s", "discover: never"))

        refused = await gateway.request("POST", "/admin/reload", **OPERATOR)
        found = await names(gateway)

    assert 422 == refused.status
    assert ["m", "my-a", "lab/a"] == found


async def test_a_reload_that_drops_a_provider_drops_its_models(start):
    text = CONFIG.replace("providers:", 'providers:\n  old: {{dialect: vllm, base_url: "{url}", discover: 1s}}')
    async with Provider(shelf(lists("a"))) as provider, start(text.format(url=provider.url)) as gateway:
        await until(lambda: listed(gateway, "old/a"), 5)

        await reload(gateway, CONFIG.format(url=provider.url))
        found = await names(gateway)

    assert not [name for name in found if name.startswith("old/")]
