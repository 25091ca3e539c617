"""Whatever comes from Gemini is an answer or a failure, and whatever a client writes a request or a refusal."""

import orjson
from gemini_calls import USER, ask_of, decoded, decoder, gemini, sse
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Refusal
from core.faults import UpstreamError

NAMES = [
    "args", "candidates", "candidatesTokenCount", "chosenCandidates", "code", "codeExecutionResult", "content", "data",
    "endIndex", "error", "executableCode", "finishMessage", "finishReason", "functionCall", "groundingChunkIndices",
    "groundingChunks", "groundingMetadata", "groundingSupports", "id", "index", "inlineData", "logProbability",
    "logprobsResult", "mimeType", "modelVersion", "name", "output", "partIndex", "parts", "promptFeedback",
    "promptTokenCount", "promptTokensDetails", "responseId", "segment", "serviceTier", "startIndex", "text", "thought",
    "thoughtSignature", "token", "toolCall", "topCandidates", "uri", "usageMetadata", "web", "webSearchQueries",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.floats(allow_nan=False),
    st.sampled_from(["", "x", "STOP", "SAFETY", "audio/L16", "AAAA", "https://a.example"]),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner))
PARTS = st.lists(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4) | SCALARS, max_size=3)
CANDIDATES = st.lists(
    st.fixed_dictionaries(
        {"content": st.fixed_dictionaries({"parts": PARTS}) | JSON, "finishReason": st.just("STOP") | SCALARS},
        optional=dict.fromkeys(("groundingMetadata", "logprobsResult", "index", "finishMessage"), JSON),
    ),
    max_size=2,
)
ANSWERS = JSON | st.fixed_dictionaries(
    {"candidates": CANDIDATES},
    optional=dict.fromkeys(("usageMetadata", "promptFeedback", "serviceTier", "error", "modelVersion"), JSON),
)
FIELDS = ["audio", "logit_bias", "metadata", "prediction", "response_format", "web_search_options"]


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_any_answer(value):
    try:
        completion = decoded(value, web_search_options={})
    except UpstreamError:
        return
    assert orjson.loads(completion.body)["choices"]


@settings(max_examples=60, deadline=None)
@given(st.lists(ANSWERS, max_size=3), st.booleans())
def test_any_stream(values, listed):
    one = decoder(web_search_options={})
    try:
        one.feed(orjson.dumps(values) if listed else sse(*values))
        one.close()
    except UpstreamError:
        return
    assert one.finished


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), st.dictionaries(st.sampled_from(["type", "format", *NAMES]), JSON)))
def test_any_parameters(fields):
    try:
        request = gemini().encode(ask_of(messages=[USER], modalities=["audio"], **fields))
    except Refusal:
        return
    assert orjson.loads(request.body)["contents"]
