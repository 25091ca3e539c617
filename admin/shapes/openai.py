"""OpenAI's own bodies, as far as the gateway looks at them: what it doesn't know, it passes on."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.words import (
    ANY_THING,
    COUNT,
    FLAG,
    NAME,
    NUMBER,
    TEXT,
    WHOLE,
    Fields,
    Schema,
    about,
    either,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

NAMES: Final = either(NAME, some(NAME, maxItems=32))
AMOUNT: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1_000_000}
WAIT: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 3_600_000}
CHOICES: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 128}
TOKENS: Final = either(TEXT, some(either(TEXT, WHOLE, some(WHOLE)), minItems=1))

GATEWAYS_OWN: Final[Fields] = {
    "cache": about(maybe(named("CacheWish")), "what is wished of answers that are kept; the gateway's own"),
    "models": about(maybe(some(TEXT)), "models that are tried after `model`; the gateway's own"),
    "routing": about(maybe(named("Routing")), "what is asked of routing for this call; the gateway's own"),
}
GENERATING: Final[Fields] = {
    **GATEWAYS_OWN,
    "frequency_penalty": maybe(NUMBER),
    "logit_bias": maybe(ANY_THING),
    "max_tokens": maybe(COUNT),
    "metadata": maybe(ANY_THING),
    "n": maybe(CHOICES),
    "presence_penalty": maybe(NUMBER),
    "prompt_cache_key": maybe(TEXT),
    "safety_identifier": maybe(TEXT),
    "seed": maybe(WHOLE),
    "service_tier": maybe(TEXT),
    "stop": maybe(either(TEXT, some(TEXT))),
    "stream": about(maybe(FLAG), "true: the answer comes as server-sent events"),
    "stream_options": maybe(thing({}, {"include_usage": maybe(FLAG)})),
    "temperature": maybe(NUMBER),
    "top_p": maybe(NUMBER),
    "user": maybe(TEXT),
}
CHAT: Final[Fields] = {
    **GENERATING,
    "audio": maybe(ANY_THING),
    "function_call": maybe(either(TEXT, ANY_THING)),
    "functions": maybe(some(ANY_THING)),
    "logprobs": maybe(FLAG),
    "max_completion_tokens": maybe(COUNT),
    "modalities": maybe(some(TEXT)),
    "parallel_tool_calls": maybe(FLAG),
    "prediction": maybe(ANY_THING),
    "reasoning_effort": maybe(TEXT),
    "response_format": maybe(thing({"type": TEXT})),
    "store": maybe(FLAG),
    "tool_choice": maybe(either(TEXT, ANY_THING)),
    "tools": maybe(some(ANY_THING)),
    "top_logprobs": maybe(COUNT),
    "verbosity": maybe(TEXT),
    "web_search_options": maybe(ANY_THING),
}


def _open(schema: Schema) -> Schema:
    """With whatever else the provider says."""
    return {**schema, "additionalProperties": True}


SHAPES: Final[Mapping[str, Schema]] = {
    "Routing": {
        **thing(
            {},
            {
                "strategy": maybe(TEXT),
                "task": maybe(TEXT),
                "capability": maybe(NAMES),
                "prefer": maybe(NAMES),
                "avoid": maybe(NAMES),
                "local": maybe(FLAG),
                "max_cost_usd": maybe(AMOUNT),
                "budget_remaining_usd": maybe(AMOUNT),
                "max_latency_ms": maybe(WAIT),
                "fallback": maybe(FLAG),
                "session": maybe(TEXT),
                "seed": maybe(COUNT),
            },
        ),
        "additionalProperties": False,
    },
    "Message": _open(
        thing(
            {"role": one_of("developer", "system", "user", "assistant", "tool", "function")},
            {"content": either(TEXT, some(ANY_THING), {"type": "null"}), "name": maybe(TEXT)},
        )
    ),
    "ChatCall": thing({"model": NAME, "messages": some(named("Message"), minItems=1)}, CHAT),
    "CompletionCall": thing(
        {"model": NAME, "prompt": TOKENS},
        {
            **GENERATING,
            "logprobs": maybe(either(FLAG, WHOLE)),
            "best_of": maybe(COUNT),
            "echo": maybe(FLAG),
            "suffix": maybe(TEXT),
        },
    ),
    "EmbeddingCall": thing(
        {"model": NAME, "input": either(NAME, some(either(NAME, WHOLE, some(WHOLE)), minItems=1, maxItems=2048))},
        {**GATEWAYS_OWN, "dimensions": maybe(COUNT), "encoding_format": maybe(TEXT), "user": maybe(TEXT)},
    ),
    "Tokens": _open(thing({"prompt_tokens": COUNT, "total_tokens": COUNT}, {"completion_tokens": COUNT})),
    "Chat": _open(
        thing(
            {
                "id": TEXT,
                "object": word("chat.completion"),
                "created": COUNT,
                "model": TEXT,
                "choices": some(named("ChatChoice")),
            },
            {"usage": maybe(named("Tokens"))},
        )
    ),
    "ChatChoice": _open(
        thing({"index": COUNT, "message": _open(thing({"role": TEXT})), "finish_reason": maybe(TEXT)}),
    ),
    "Completion": _open(
        thing(
            {
                "id": TEXT,
                "object": word("text_completion"),
                "created": COUNT,
                "model": TEXT,
                "choices": some(_open(thing({"index": COUNT, "text": TEXT}))),
            },
            {"usage": maybe(named("Tokens"))},
        )
    ),
    "Embeddings": _open(
        thing(
            {
                "object": word("list"),
                "model": TEXT,
                "data": some(_open(thing({"index": COUNT, "embedding": either(some(NUMBER), TEXT)}))),
            },
            {"usage": maybe(named("Tokens"))},
        )
    ),
    "Events": about(
        thing({"data": TEXT}),
        "one of the events: a chunk as OpenAI sends them, [DONE] at the end, or an error where a stream breaks off",
    ),
    "Model": thing({"id": TEXT, "object": word("model"), "created": COUNT, "owned_by": TEXT}),
    "Models": thing({"object": word("list"), "data": some(named("Model"))}),
}
