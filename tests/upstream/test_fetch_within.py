"""What no client may reach by a URL, whatever its spelling."""

import socket
import time

import pytest
from website import PUBLIC, WITHIN, leads, says, why

from upstream import fetch
from upstream.fetch import Fetcher


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "localhost.", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0"),
        *(
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[fe80::1%25lo]",
            "127.0.0.1.",
            "①②⑦.0.0.1",
        ),
    ],
)
async def test_no_spelling_of_this_machine_leads_here(site, fetcher, host):
    site.answers["/a"] = says()

    said = await why(fetcher, f"http://{host}:{site.port}/a", PUBLIC)

    assert said == fetch._UNREACHABLE
    assert site.heads == []
    assert site.open == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1:8080/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ],
)
async def test_inner_networks_are_refused_at_once_and_like_what_is_not_there(fetcher, url):
    began = time.monotonic()

    assert await why(fetcher, url, PUBLIC) == fetch._UNREACHABLE
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "onward",
    ["http://127.0.0.2:{port}/b", "http://inner.test:{port}/b", "//127.0.0.2:{port}/b", "http://[::1]:{port}/b"],
)
async def test_each_hop_is_looked_at_like_the_first(site, onward):
    """To the test one address of this machine is public, and its others are not."""
    site.answers = {"/a": leads("/c"), "/c": leads(onward.format(port=site.port)), "/b": says()}

    def look(host, port, **kinds):
        address = "127.0.0.1" if host == "public.test" else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    fetcher = Fetcher(look, lambda address: address == "127.0.0.1")

    assert await why(fetcher, f"http://public.test:{site.port}/a", PUBLIC) == fetch._UNREACHABLE
    fetcher.close()
    assert site.asked == ["/a", "/c"]


@pytest.mark.parametrize("allowed", [True, False])
async def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(site, allowed):
    """A name that leads elsewhere each time it is asked for (DNS rebinding) is asked for once."""
    site.answers["/a"] = says()
    looked = []

    def look(host, port, **kinds):
        looked.append(host)
        address = "127.0.0.1" if len(looked) == 1 else "203.0.113.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    fetcher, url = Fetcher(look), f"http://rebinds.test:{site.port}/a"

    if allowed:
        assert await fetcher.fetch([url], WITHIN)
    else:
        assert await why(fetcher, url, PUBLIC) == fetch._UNREACHABLE

    fetcher.close()
    assert looked == ["rebinds.test"]
    assert len(site.asked) == allowed


async def test_of_many_addresses_those_within_are_left_out(site):
    site.answers["/a"] = says()

    def look(host, port, **kinds):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:127.0.0.1", port, 0, 0)),
        ]

    fetcher = Fetcher(look)

    assert await why(fetcher, f"http://mixed.test:{site.port}/a", PUBLIC) == fetch._UNREACHABLE
    fetcher.close()
    assert site.heads == []


async def test_a_name_that_nobody_knows_is_said_like_all_that_is_not_there():
    def look(host, port, **kinds):
        raise socket.gaierror(socket.EAI_NONAME, "db.internal is not known")

    fetcher = Fetcher(look)

    assert await why(fetcher, "https://db.internal/a", PUBLIC) == fetch._UNREACHABLE
    fetcher.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://x.test/a\r\nx-injected: 1",
        "http://x.test/a b",
        "http://x.test\\@127.0.0.1/",
        "http://x.test/\x00",
        "http://user@x.test/",
        "http://user:pass@x.test/",
        "http:///a",
        "http://",
        "//x.test/a",
        "ftp://x.test/a",
        "http://x.test/" + "a" * 9000,
        "http://[::1/a",
        "http://x.test:99999/a",
        "http://" + "a" * 70 + ".test/",
    ],
)
async def test_what_is_no_url_is_never_sent(fetcher, url):
    assert await why(fetcher, url, PUBLIC)
