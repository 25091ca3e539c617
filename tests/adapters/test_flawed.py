"""What a whole answer that is refused says that it took."""

import orjson
import pytest

from adapters.flawed import counted
from core.usage import Usage

ANSWERS = {
    "openai": (
        {"choices": [], "service_tier": "flex", "usage": {"prompt_tokens": 9, "completion_tokens": 12}},
        Usage(input=9, output=12, tier="flex"),
    ),
    "responses": (
        {"object": "response", "usage": {"input_tokens": 9, "output_tokens": 12}, "output": []},
        Usage(input=9, output=12),
    ),
    "anthropic": (
        {"type": "message", "usage": {"input_tokens": 2, "cache_read_input_tokens": 7, "output_tokens": 12}},
        Usage(input=2, cache_read=7, output=12),
    ),
    "bedrock": (
        {"stopReason": "malformed_tool_use", "usage": {"inputTokens": 9, "outputTokens": 12}},
        Usage(input=9, output=12),
    ),
    "cohere": (
        {"usage": {"billed_units": {"input_tokens": 9, "output_tokens": 12}}},
        Usage(input=9, output=12),
    ),
    "google": (
        {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}], "usageMetadata": {"promptTokenCount": 9}},
        Usage(input=9),
    ),
    "ollama": ({"done": True, "prompt_eval_count": 9, "eval_count": 12}, Usage(input=9, output=12)),
}


@pytest.mark.parametrize(("answer", "usage"), ANSWERS.values(), ids=ANSWERS)
def test_what_was_counted_is_known_in_every_dialect(answer, usage):
    assert usage == counted(orjson.dumps(answer))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[1]",
        b"{}",
        b'{"usage":null}',
        b'{"usage":{}}',
        b'{"usage":{"prompt_tokens":"many"}}',
        b'{"error":{"message":"no"},"usage":{"prompt_tokens":9,"completion_tokens":12}}',
    ],
)
def test_errors_and_what_says_nothing_count_nothing(answer):
    assert counted(answer) is None
