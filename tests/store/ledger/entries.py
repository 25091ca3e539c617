"""Calls that finished, for ledgers to be fed with."""

from hypothesis import strategies as st

from core.usage import COUNTS
from store.entry import Entry

NOON = 1_795_694_400.0  # 2026-11-26T12:00Z


def entry(number: int = 1, **facts: object) -> Entry:
    """The *number*-th of a kind, a second after the one before."""
    return Entry(
        time=NOON + number,
        id=f"call-{number}",
        key="alice",
        team="research",
        route="fast",
        target="openai/gpt-5",
        tags=(),
        endpoint="chat",
        status=200,
        fault="",
        stream=False,
        finish="stop",
        gone=False,
        estimated=False,
        cost=1_000,
        usage=usage(input=10, output=5),
        total_ms=12.5,
        first_ms=None,
        attempts=(("openai/gpt-5", "", 12.5, 1_000),),
        charges={"usd:key/alice:month-2026-11": 1_000},
    )._replace(**facts)


def usage(**counts: int) -> tuple[int, ...]:
    return tuple(counts.get(name, 0) for name in COUNTS)


names = st.sampled_from(["", "alice", "bob", "ünï/cödé", 'a"b\\c', "nul\0nul"])
tags = st.lists(st.sampled_from(["red", "green", "", "a\0b", "ü"]), unique=True, max_size=3).map(sorted).map(tuple)
entries = st.builds(
    entry,
    time=st.one_of(st.just(NOON), st.floats(NOON - 86400 * 40, NOON + 86400)),
    id=st.sampled_from(["one", "two", "three"]),
    key=names,
    team=names,
    route=names,
    target=st.sampled_from(["openai/gpt-5", "openrouter/meta/llama", "", "odd"]),
    tags=tags,
    status=st.sampled_from([200, 400, 502]),
    fault=st.sampled_from(["", "broken"]),
    gone=st.booleans(),
    estimated=st.booleans(),
    cost=st.integers(0, 2**50),
    saved=st.integers(0, 2**50),
    usage=st.lists(st.integers(0, 10**6), min_size=len(COUNTS), max_size=len(COUNTS)).map(tuple),
    charges=st.dictionaries(st.sampled_from(["usd:key/alice:total", "usd:service:day-2026-11-26"]), st.integers(0, 99)),
)
