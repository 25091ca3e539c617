"""A rate against all that was ever used of it: no window of its length holds more than the limit."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from store.contract import Draw, life
from store.rates import Rate

PER = 60.0


def fullest(used: list[float]) -> int:
    """The most that any window of PER seconds holds."""
    return max((sum(1 for other in used if one <= other < one + PER) for one in used), default=0)


@settings(max_examples=150, deadline=None)
@given(
    limit=st.integers(1, 40),
    pauses=st.lists(st.sampled_from([0.0, 0.01, 0.5, 0.99, 1.0, 5.0, 30.0, 57.0, 59.0, None]), max_size=60),
    seed=st.integers(0, 2**32),
)
def test_no_window_holds_more_than_the_limit(limit: int, pauses: list[float | None], seed: int) -> None:
    chance = random.Random(seed)
    rate = Rate()
    now = 1_800_000_000.0 + chance.random() * 60
    wait = 0.0
    used: list[float] = []
    back: list[tuple[int, int]] = []

    for pause in pauses:
        # None: as soon as it was said to be worth asking again.
        now += wait + 1e-6 if pause is None else pause
        most = chance.randint(1, limit)
        drawn = rate.draw(Draw("", limit, PER, chance.randint(1, most), most, tuple(back)), now)
        wait = drawn.wait
        kept = chance.randint(0, drawn.granted)
        back = [(drawn.slot, drawn.granted - kept)]
        used += [now + chance.choice([0.0, chance.random(), 0.999, 0.999]) * life(PER) for _ in range(kept)]

        assert drawn.left == limit - sum(rate.slots.values())

    assert fullest(used) <= limit


@given(
    slots=st.dictionaries(st.integers(1_799_999_900, 1_800_000_000), st.integers(1, 9), max_size=20),
    least=st.integers(1, 100),
)
def test_the_wait_is_as_short_as_it_can_be(slots: dict[int, int], least: int) -> None:
    limit, now = 100, 1_800_000_000.5
    refused = Rate(dict(slots)).draw(Draw("", limit, PER, least, least), now)
    if refused.granted:
        return

    before = Rate(dict(slots)).draw(Draw("", limit, PER, least, least), now + refused.wait - 0.01)
    after = Rate(dict(slots)).draw(Draw("", limit, PER, least, least), now + refused.wait + 0.01)

    assert (0, least) == (before.granted, after.granted)
