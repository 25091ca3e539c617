"""What processes tell each other about quality."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.watch.hearsay import MOST_PAGES, PREFIX, Hearsay, heard, pages
from routing.quality import Evidence, Qualities, opinion
from store.board import LARGEST
from store.contract import StoreDown
from store.memory import MemoryStore

NOW = float(int(time.time()))  # what is posted is dated by the clock
PLACE = ("p/m", "chat")
figures = st.floats(-1000, 1000).map(lambda figure: round(figure, 4))
sums = st.dictionaries(st.tuples(st.text(max_size=20), st.text(max_size=10)), st.builds(Evidence, *[figures] * 4))


@given(sums)
def test_what_is_read_is_what_was_written(told):
    notices = {f"{PREFIX}machine/1/{number}": page for number, page in enumerate(pages(told, NOW))}

    found = {place: evidence for place, evidence, _ in heard(notices)}

    assert told == found


def test_pages_fit_on_the_board_and_the_weightiest_come_first():
    told = {(f"provider/a-model-with-a-long-name-{number}", "chat"): Evidence(seen=number) for number in range(20_000)}

    made = list(pages(told, NOW))
    first = heard({f"{PREFIX}me/0": made[0]})

    assert len(made) == MOST_PAGES
    assert max(map(len, made)) <= LARGEST
    assert first[0][1].seen == 19_999


def test_of_two_notices_the_newer_one_counts():
    old, new = (next(pages({PLACE: Evidence(seen=seen)}, at)) for seen, at in ((5.0, NOW), (3.0, NOW + 1)))

    for notices in ({"quality/me/0": new, "quality/me/7": old}, {"quality/me/0": old, "quality/me/7": new}):
        assert [(PLACE, Evidence(seen=3.0), NOW + 1)] == heard(notices)


@pytest.mark.parametrize("notice", [b"", b"[]", b"{}", b'{"at":1,"sums":[[1]]}', b'{"at":1,"sums":[["a","b","c"]]}'])
def test_what_another_version_wrote_is_passed_over(notice):
    assert [] == heard({"quality/me/0": notice})


class Cut(MemoryStore):
    """One that can be out of reach."""

    down = False

    async def post(self, *args, **named):
        if self.down:
            raise StoreDown
        return await super().post(*args, **named)

    async def posted(self, prefix):
        if self.down:
            raise StoreDown
        return await super().posted(prefix)


async def told(board, owner, qualities):
    """Somebody's life, which is a short one."""
    hearsay = Hearsay(qualities, board, owner)
    hearsay.begin()
    await hearsay.end()


def known(qualities):
    return {place: round(evidence.opinions, 2) for place, evidence in qualities.known().items()}


async def test_a_successor_goes_on_and_others_hear():
    board, now = MemoryStore(), NOW
    first, second, other = Qualities(now), Qualities(now), Qualities(now)
    first.add(*PLACE, opinion(1.0), now)

    await told(board, "me/1", first)
    await told(board, "me/1", second)
    await told(board, "me/2", other)

    assert known(second) == known(other) != {}
    assert {} == other.own(now)


async def test_without_a_store_nothing_is_lost():
    board, qualities = Cut(), Qualities(NOW)
    before = Qualities(NOW)
    before.add(*PLACE, opinion(1.0), NOW)
    await told(board, "me/1", before)
    hearsay = Hearsay(qualities, board, "me/1")
    board.down = True
    qualities.add("p/n", "chat", opinion(1.0), NOW)

    hearsay.begin()
    await hearsay.end()
    down = await MemoryStore.posted(board, PREFIX)
    board.down = False
    await hearsay.end()
    up = await board.posted(PREFIX)

    assert b"p/n" not in down["quality/me/1/0"]
    assert b"p/n" in up["quality/me/1/0"]
    assert b"p/m" in up["quality/me/1/0"]
