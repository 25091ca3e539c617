"""What one stream of a provider teaches about the next."""

import orjson
import pytest
from streams import HELLO, chunk, text

from adapters.ordinary import Memory, learnt


def choice_of(event):
    return orjson.loads(event[event.index(b"{") :])["choices"][0]


def taught(event):
    memory = Memory()
    memory.learn(learnt(event, choice_of(event), (), role=False))
    return memory


def told(ordinary):
    """All that is known of ordinary events."""
    shape = ordinary.shape
    known = (shape.before, shape.after, shape.overhead, shape.swaps)
    return ordinary._replace(shape=None), known


def test_a_stream_with_another_id_is_recalled_with_its_own_size():
    other = text("a longer \\ word").replace(b'"id":"', b'"id":"and-longer-')
    memory = taught(HELLO)

    recalled = memory.recall(other, choice_of(other))

    assert told(recalled) == told(learnt(other, choice_of(other), (), role=False))


@pytest.mark.parametrize(
    "event",
    [
        chunk({"content": "x", "reasoning": "y"}),
        chunk({"content": ""}),
        chunk({"reasoning_content": "x"}),
        text("x").replace(b'"choices"', b'"error":null,"choices"'),
        text("x").replace(b":", b": "),
    ],
)
def test_what_looks_different_is_not_recalled(event):
    assert taught(HELLO).recall(event, choice_of(event)) is None


def test_nothing_is_recalled_before_anything_was_learnt():
    assert Memory().recall(HELLO, choice_of(HELLO)) is None


def test_an_event_on_two_lines_teaches_nothing_of_bytes():
    assert taught(HELLO).shape(b"data: {") is not None
    assert taught(b"id: 1\n" + HELLO).shape(b"data: {") is None
