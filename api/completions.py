"""POST /v1/completions, the older way to ask."""

from collections.abc import Mapping
from typing import Any

from api.body import parse as parse_json
from api.caching import wished
from api.shape import COMMON, Check, check, flag, missing, model_of, natural, text, texts_in, usage_asked
from api.wishes import wishes
from core.call import Call

FIELDS: Mapping[str, Check] = {**COMMON, "best_of": natural, "echo": flag, "suffix": text}


def parse(body: bytes | memoryview) -> Call:
    fields = parse_json(body)
    model = model_of(fields)
    check(fields, FIELDS)
    prompts = _prompts(fields.get("prompt"))
    return Call(
        endpoint="completions",
        model=model,
        body=fields,
        stream=bool(fields.get("stream")),
        include_usage=usage_asked(fields),
        size=len(body),
        choices=prompts * (fields.get("n") or 1),
        max_output=fields.get("max_tokens"),
        wishes=wishes(fields),
        cache=wished(fields),
    )


def _prompts(prompt: Any) -> int:
    """How many prompts there are; a list of token numbers is one."""
    if prompt is None:
        raise missing("prompt")
    if isinstance(prompt, str):
        return 1
    return texts_in(prompt, "prompt", "a string, an array of strings or an array of tokens", empty=True)
