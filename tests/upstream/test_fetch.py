"""Images and documents behind URLs, from real servers on loopback."""

import asyncio
import gc
import time

import pytest
from website import PDF, PNG, WITHIN, Site, coded, hangs, leads, says, why

from core.ask import Media
from upstream import fetch
from upstream.fetch import Fetcher, Unfetchable


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("image/png", PNG, "image/png"),
        ("image/jpeg", PNG, "image/png"),
        ("application/pdf", PDF, "application/pdf"),
        ("binary/octet-stream", PDF, "application/pdf"),
        ("", PNG, "image/png"),
        ("audio/wav", b"RIFF0000WAVE", "audio/wav"),
        ("text/plain; charset=utf-8", b"hi", "text/plain"),
        ("image/svg+xml", b"<svg/>", "image/svg+xml"),
    ],
)
async def test_what_is_there_comes_as_base64_with_its_kind(site, fetcher, kind, body, expected):
    site.answers["/a"] = says(body, kind)

    found = await fetcher.fetch([f"{site.url}/a"], WITHIN)

    assert {f"{site.url}/a": Media(expected, coded(body))} == found


async def test_nothing_of_ours_goes_along(site, fetcher):
    site.answers["/a?b=%2F+c"] = says()

    await fetcher.fetch([f"{site.url}/a?b=%2F+c#d"], WITHIN)

    (head,) = site.heads
    lines = head.strip().split("\r\n")
    assert lines[0] == "get /a?b=%2f+c http/1.1"
    assert {line.split(":")[0] for line in lines[1:]} == {
        "host",
        "accept",
        "accept-encoding",
        "user-agent",
        "connection",
    }
    assert "accept-encoding: identity" in lines


async def test_signs_that_are_not_ascii_are_written_as_bytes(site, fetcher):
    site.answers["/%C3%A4.png"] = says()

    assert await fetcher.fetch([f"{site.url}/ä.png"], WITHIN)


async def test_several_are_fetched_at_the_same_time(site, fetcher):
    together = asyncio.Barrier(3)

    async def waits(reader, writer):
        await together.wait()
        writer.write(says())
        await writer.drain()

    urls = [f"{site.url}/{name}" for name in "abc"]
    site.answers = dict.fromkeys(("/a", "/b", "/c"), waits)

    assert set(urls) == set(await fetcher.fetch(urls, WITHIN))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(site, fetcher, status):
    site.answers = {"/a": leads("/b", status), "/b": leads(f"{site.url}/c"), "/c": leads("d"), "/d": says()}

    found = await fetcher.fetch([f"{site.url}/a"], WITHIN)

    assert list(found) == [f"{site.url}/a"]
    assert site.asked == ["/a", "/b", "/c", "/d"]


async def test_redirects_have_an_end(site, fetcher):
    site.answers = {"/a": leads("/a")}

    assert await why(fetcher, f"{site.url}/a") == "leads on more than 3 times"
    assert len(site.asked) == 4


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (says(b"no", "text/plain", status=404), "was answered with status 404"),
        (says(b"", status=204), "was answered with status 204"),
        (says(b"", "", status=302), "was answered with status 302"),
        (says(b"PK", "application/zip"), "is neither an image nor a PDF, sound or text"),
        (says(b"MZ", "application/octet-stream"), "is neither an image nor a PDF, sound or text"),
        (says(b"{}", "application/json"), "is neither an image nor a PDF, sound or text"),
        (says(b""), "is empty"),
        (says(headers="content-encoding: gzip\r\n"), "was answered with compressed content"),
        (says(b"x" * 10_001), "is too large: all that a call names may have 10000 bytes"),
        (says(b"x" * 10_001, length=False), "is too large: all that a call names may have 10000 bytes"),
        (
            says(b"", headers="content-length: 99999999999\r\n", length=False),
            "is too large: all that a call names may have 10000 bytes",
        ),
        (says()[:-5], fetch._UNREACHABLE),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", fetch._UNREACHABLE),
        (b"", fetch._UNREACHABLE),
        (leads("ftp://127.0.0.1/a"), "does not begin with http:// or https:// and a host"),
        (leads("file:///etc/passwd"), "does not begin with http:// or https:// and a host"),
        (leads("data:image/png;base64,AAAA"), "does not begin with http:// or https:// and a host"),
        (leads("http://u:p@127.0.0.1/a"), "must not carry a user or password"),
        (leads("http://[::1/a"), fetch._UNREACHABLE),
    ],
)
async def test_what_can_not_be_had_says_why_and_nothing_else(site, fetcher, answer, expected):
    site.answers["/a"] = answer

    said = await why(fetcher, f"{site.url}/a")

    assert expected == said
    assert "127.0.0.1" not in said


async def test_what_is_exactly_as_large_as_allowed_is_not_too_large(site, fetcher):
    site.answers["/a"] = says(b"x" * 10_000)

    assert await fetcher.fetch([f"{site.url}/a"], WITHIN)


async def test_the_size_is_that_of_all_together(site, fetcher):
    site.answers = {"/a": says(b"x" * 6_000), "/b": says(b"x" * 6_000)}

    with pytest.raises(Unfetchable) as failure:
        await fetcher.fetch([f"{site.url}/a", f"{site.url}/b"], WITHIN)

    assert failure.value.why.startswith("is too large")


async def test_a_body_without_end_is_left_where_it_is_too_large(site, fetcher, until):
    async def flood(reader, writer):
        writer.write(says(b"", length=False))
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()

    site.answers["/a"] = flood

    assert (await why(fetcher, f"{site.url}/a")).startswith("is too large")
    await until(lambda: site.open == 0)


@pytest.mark.parametrize("piece", [b"", says()[:20], says()[:-1]], ids=["silent", "half a head", "half a body"])
async def test_a_server_that_is_slow_is_not_waited_for(site, fetcher, piece, until):
    site.answers["/a"] = hangs(piece)
    site.answers["/b"] = says()
    began = time.monotonic()

    with pytest.raises(Unfetchable) as failure:
        await fetcher.fetch([f"{site.url}/b", f"{site.url}/a"], WITHIN._replace(within=0.2))

    assert (failure.value.url, failure.value.why) == (f"{site.url}/a", "could not be fetched within 0.2 s")
    assert time.monotonic() - began < 2
    await until(lambda: site.open == 0)


async def test_one_who_drips_is_not_waited_for_either(site, fetcher):
    async def drip(reader, writer):
        writer.write(says(b"", length=False))
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    site.answers["/a"] = drip

    assert await why(fetcher, f"{site.url}/a", WITHIN._replace(within=0.2)) == "could not be fetched within 0.2 s"


async def test_the_first_that_can_not_be_had_ends_it_for_all(site, fetcher, until):
    site.answers = {"/slow": hangs(), "/no": says(status=404)}

    with pytest.raises(Unfetchable) as failure:
        await fetcher.fetch([f"{site.url}/slow", f"{site.url}/no"], WITHIN)

    assert failure.value.url == f"{site.url}/no"
    await until(lambda: site.open == 0)


async def test_whoever_waits_may_leave(site, fetcher, until):
    site.answers["/a"] = hangs()
    waiting = asyncio.ensure_future(fetcher.fetch([f"{site.url}/a"], WITHIN))
    await until(lambda: site.asked == ["/a"])

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: site.open == 0)


async def test_a_call_names_only_so_many(site, fetcher):
    urls = [f"{site.url}/{number}" for number in range(51)]

    with pytest.raises(Unfetchable) as failure:
        await fetcher.fetch(urls, WITHIN)

    assert (failure.value.url, failure.value.why) == (urls[50], "is one too many: a call may name 50")
    assert site.asked == []


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(start, certificate, fetcher):
    site = Site()
    site.answers["/a"] = says()
    context, _ = certificate("IP:127.0.0.1")
    server = await start(site, ssl=context)

    assert await why(fetcher, f"{server.url}/a") == fetch._UNREACHABLE
    assert site.heads == []


async def test_one_that_somebody_vouches_for_is(start, certificate, trusted, fetcher):
    site = Site()
    site.answers["/a"] = says()
    context, file = certificate("IP:127.0.0.1")
    server = await start(site, ssl=context)
    trusted(file)

    assert await fetcher.fetch([f"{server.url}/a"], WITHIN)


async def test_nothing_is_left_behind(site, fetcher):
    site.answers = {"/a": says(), "/b": says(status=500), "/c": leads("/a")}

    for _ in range(3):
        await fetcher.fetch([f"{site.url}/a", f"{site.url}/c"], WITHIN)
        await why(fetcher, f"{site.url}/b")

    gc.collect()
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} <= server_tasks(site)


def server_tasks(site):
    return {task for task in asyncio.all_tasks() if "Peer._accept" in repr(task)}


def test_a_fetcher_that_was_never_asked_has_nothing_to_close():
    Fetcher().close()
