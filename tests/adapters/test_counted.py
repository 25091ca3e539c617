"""What a whole answer that is refused says that it took. A new dialect whose answers aren't OpenAI's adds one here."""

import orjson
import pytest
from asking import SENT, asked
from junk import spoilt
from responding import openai, put

from adapters import ADAPTERS
from core.faults import UpstreamError
from core.usage import Usage

OPENAI = (
    {"choices": [], "service_tier": "flex", "usage": {"prompt_tokens": 9, "completion_tokens": 12}},
    Usage(input=9, output=12, tier="flex"),
)
SEARCHED = {"finishReason": "MALFORMED_FUNCTION_CALL", "groundingMetadata": {"webSearchQueries": ["a", "b"]}}
GOOGLE = (
    {"candidates": [SEARCHED, None], "serviceTier": "FLEX", "usageMetadata": {"promptTokenCount": 9}},
    Usage(input=9, searches=2, tier="flex"),
)
# Of the dialects that have a format of their own.
ANSWERS = {
    "anthropic": (
        {"type": "message", "usage": {"input_tokens": 2, "cache_read_input_tokens": 7, "output_tokens": 12}},
        Usage(input=2, cache_read=7, output=12),
    ),
    "bedrock": (
        {
            "output": {"message": {"content": []}},
            "stopReason": "malformed_tool_use",
            "serviceTier": {"type": "flex"},
            "usage": {"inputTokens": 9, "outputTokens": 12},
        },
        Usage(input=9, output=12, tier="flex"),
    ),
    "cohere": (
        {"message": {}, "usage": {"billed_units": {"input_tokens": 9, "output_tokens": 12}}},
        Usage(input=9, output=12),
    ),
    "gemini": GOOGLE,
    "google": GOOGLE,
    "ollama": (
        {"done": True, "prompt_eval_count": 9, "eval_count": 12},
        Usage(input=9, output=12),
    ),
}
VECTORS = {"data": [], "usage": {"prompt_tokens": 9, "total_tokens": 9}}
OWN_VECTORS = {
    "cohere": {"embeddings": {"float": []}, "meta": {"billed_units": {"input_tokens": 9}}},
    "gemini": {"embeddings": [], "usageMetadata": {"promptTokenCount": 9}},
    "google": {"embeddings": [], "usageMetadata": {"promptTokenCount": 9}},
    "ollama": {"embeddings": [], "prompt_eval_count": 9},
}
RESPONSE = {"object": "response", "status": "failed", "usage": {"input_tokens": 9, "output_tokens": 12}, "output": []}
dialects = pytest.mark.parametrize("dialect", ADAPTERS)


@pytest.fixture
def counted(adapter, call):
    """What was counted in an answer that is refused."""

    def count(dialect, answer, endpoint="chat"):
        speaking, body = adapter(dialect), orjson.dumps(answer)
        with pytest.raises(UpstreamError):
            speaking.decode(body, asked(call(endpoint)), SENT)
        return speaking.counted(body, SENT)

    return count


@dialects
def test_every_dialect_counts_what_a_refused_answer_took(counted, dialect):
    answer, usage = ANSWERS.get(dialect, OPENAI)

    assert usage == counted(dialect, answer)


@dialects
def test_every_dialect_counts_what_refused_embeddings_took(adapter, counted, dialect):
    if "embeddings" in adapter(dialect).endpoints:
        assert Usage(input=9) == counted(dialect, OWN_VECTORS.get(dialect, VECTORS), "embeddings")


@pytest.mark.parametrize(
    ("dialect", "charged"),
    [("openrouter", {"cost": 0.5}), ("perplexity", {"cost": {"total_cost": 0.5}}), ("xai", {"cost_in_usd_ticks": 5e9})],
)
def test_what_was_charged_for_a_refused_answer_is_believed(counted, dialect, charged):
    found = counted(dialect, {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 12, **charged}})

    assert 500_000_000 == found.cost


def test_a_refused_response_is_counted_in_its_own_words():
    adapter, ask = openai(), put({})
    request, body = adapter.encode(ask), orjson.dumps(RESPONSE)

    with pytest.raises(UpstreamError):
        adapter.decode(body, ask, request)
    assert Usage(input=9, output=12) == adapter.counted(body, request)


def test_the_one_answer_of_a_list_is_counted(adapter):
    answer, usage = GOOGLE

    assert usage == adapter("google").counted(orjson.dumps([answer]), SENT)


@dialects
def test_errors_count_nothing(counted, dialect):
    answer, _ = ANSWERS.get(dialect, OPENAI)

    assert counted(dialect, {**answer, "error": {"message": "no"}}) is None


@dialects
@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"{}", b'{"usage":null}', b'{"usage":{}}'])
def test_what_says_nothing_counts_nothing(adapter, dialect, body):
    assert adapter(dialect).counted(body, SENT) is None


@dialects
def test_usage_of_any_kind_is_survived(adapter, dialect):
    answer, _ = ANSWERS.get(dialect, OPENAI)

    for body in spoilt(answer):
        assert isinstance(adapter(dialect).counted(orjson.dumps(body), SENT), Usage | None)
