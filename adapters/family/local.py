"""Servers on one's own machines: vLLM, SGLang, llama.cpp, LM Studio and TGI."""

from dataclasses import replace
from typing import Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.ears import EachChoice, Ear, arguments_as_text
from adapters.fields import unsupported
from adapters.manners import Manners
from adapters.onward import willing
from adapters.signals import Signal
from adapters.wording import (
    inlined_images,
    listed_stop,
    name_of,
    one_choice,
    schema_for_objects,
    schema_of,
    web_images,
)
from core.ask import Ask
from core.faults import Fault
from core.wire import WireRequest

_REASONING: Final = {"reasoning": "reasoning_content"}
_OWN: Final = Accent(needs_key=False, local=True, tidy=False, says=(web_images,))

# What was taken out in 0.12, since when the answer is not constrained by it, without a word.
_GUIDED: Final = {
    "guided_json": "json",
    "guided_regex": "regex",
    "guided_choice": "choice",
    "guided_grammar": "grammar",
    "guided_whitespace_pattern": "whitespace_pattern",
}


def _structured(draft: Draft) -> None:
    wanted = {name: draft.take(old) for old, name in _GUIDED.items() if draft.body.get(old) is not None}
    if wanted:
        given = draft.body.get("structured_outputs")
        draft.body["structured_outputs"] = {**wanted, **(given if isinstance(given, dict) else {})}
    draft.drop("guided_decoding_backend")


def _begun(draft: Draft) -> None:
    """Go on with the last message, instead of writing another one."""
    if draft.ask.goes_on and draft.chat:
        draft.body |= {"add_generation_prompt": False, "continue_final_message": True}


VLLM: Final = replace(
    _OWN,
    base_url="http://localhost:8000/v1",
    says=(web_images, _structured, _begun),
    onward=willing,
    keys=_REASONING,
    signals=(Signal(Fault.MODEL_NOT_FOUND, statuses=(404,), codes=("NotFoundError",)),),
)


def _resumed(draft: Draft) -> None:
    if draft.ask.goes_on and draft.chat:
        draft.body["continue_final_message"] = True


SGLANG: Final = replace(
    _OWN,
    base_url="http://localhost:30000/v1",
    says=(web_images, _resumed),
    onward=willing,
    signals=(Signal(Fault.CONTEXT_LENGTH, "exceeds the maximum allowed length", statuses=(200, 400, 413, 422)),),
)

LLAMA_CPP: Final = replace(
    _OWN,
    base_url="http://localhost:8080/v1",
    says=(web_images, inlined_images),
    fetches=True,
    signals=(Signal(Fault.BAD_REQUEST, statuses=(501,), codes=("not_supported_error",)),),
)


def _forced_tool(draft: Draft) -> None:
    """No tool can be named; but where it is the only one, any tool is that one."""
    chosen = draft.body.get("tool_choice")
    if not isinstance(chosen, dict):
        return
    only = [tool for tool in draft.body.get("tools") or () if name_of(tool) == name_of(chosen)]
    if not only:
        raise unsupported(f"{draft.model} can't be made to call that tool.", param="tool_choice")
    draft.body["tools"] = only
    draft.body["tool_choice"] = "required"


LM_STUDIO: Final = replace(
    _OWN,
    base_url="http://localhost:1234/v1",
    says=(web_images, inlined_images, schema_for_objects, _forced_tool),
    fetches=True,
    rename={"max_completion_tokens": "max_tokens"},
    keys=_REASONING,
)


def _tgi_format(draft: Draft) -> None:
    """A grammar has a type and a value."""
    kind = (draft.body.get("response_format") or {}).get("type")
    if kind == "text":
        draft.take("response_format")
    elif kind in {"json_object", "json_schema"}:
        draft.body["response_format"] = {"type": "json", "value": schema_of(draft) or {"type": "object"}}


def _tgi_numbers(draft: Draft) -> None:
    """All of the probability is what 1 means, and it must lie below."""
    if draft.body.get("top_p") == 1:
        draft.take("top_p")


def _tgi_ear(_ask: Ask, _request: WireRequest) -> Ear:
    return EachChoice(arguments_as_text)


TGI: Final = replace(
    _OWN,
    base_url="http://localhost:80/v1",
    endpoints=frozenset({"chat", "completions"}),
    manners=Manners(),
    says=(web_images, one_choice, listed_stop, _tgi_format, _tgi_numbers),
    rename={"max_completion_tokens": "max_tokens"},
    drop=frozenset({"logit_bias", "parallel_tool_calls"}),
    nulls=False,
    finish={"eos_token": "stop", "stop_sequence": "stop"},
    hears=_tgi_ear,
    signals=(
        Signal(Fault.OVERLOADED, statuses=(429,), codes=("overloaded",)),
        Signal(Fault.CONTEXT_LENGTH, "must be <=|must have less than", codes=("validation",)),
    ),
)
