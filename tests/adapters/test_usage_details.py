"""OpenAI's details of usage, whole and streamed."""

import orjson
import pytest
from responding import openai, put
from streams import DONE, FINISH, HELLO, played

from adapters.usage import usage_of
from core.usage import Usage


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [
        ({"audio_tokens": 30}, {"audio_tokens": 15}, Usage(70, output=25, audio_input=30, audio_output=15)),
        (
            {"cached_tokens": 60, "cache_write_tokens": 20, "audio_tokens": 30},
            {"reasoning_tokens": 39, "audio_tokens": 5, "image_tokens": 5},
            Usage(0, 60, 20, 30, 30, audio_input=20, audio_output=5, image_output=5),
        ),
        ({"audio_tokens": 500}, {"audio_tokens": 500, "image_tokens": 500}, Usage(0, audio_input=100, audio_output=40)),
        ({"image_tokens": 50, "text_tokens": 50}, {"text_tokens": 40}, Usage(100, output=40)),
        ({}, {"accepted_prediction_tokens": 5, "rejected_prediction_tokens": 6}, Usage(100, output=40)),
        ({"audio_tokens": "x"}, {"audio_tokens": -1, "image_tokens": None}, Usage(100, output=40)),
        (None, [], Usage(100, output=40)),
    ],
)
def test_buckets_never_overlap_and_add_up(inside, outside, expected):
    reported = {"prompt_tokens": 100, "completion_tokens": 40, "total_tokens": 140}

    usage = usage_of({**reported, "prompt_tokens_details": inside, "completion_tokens_details": outside})

    assert expected == usage
    assert (100, 40) == (usage.prompt, usage.completion)


REPORTED = {"prompt_tokens": 9, "completion_tokens": 4, "completion_tokens_details": {"audio_tokens": 1}}


@pytest.mark.parametrize(("tier", "expected"), [("flex", "flex"), (None, ""), (1, ""), ("x" * 33, "")])
def test_the_tier_that_was_served_is_told(tier, expected):
    adapter, ask = openai(), put({"tools": None, "stream": True}, "real")
    answer = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}
    facts = {"usage": REPORTED, "service_tier": tier}
    request = adapter.encode(ask)

    whole = adapter.decode(orjson.dumps({**answer, **facts}), ask, request).usage
    decoder = adapter.decoder(ask, request)
    played(decoder, HELLO, FINISH, b"data: %b\n\n" % orjson.dumps({"choices": [], **facts}), DONE)

    assert Usage(9, output=3, audio_output=1, tier=expected) == whole == decoder.usage
