"""Mistral, and Codestral on a host of its own: a schema that forbids what it doesn't know, ids of nine characters.

Facts of the wire are those of the SDK mistralai 3.7, whose models forbid nothing while the API does.
"""

import re
from dataclasses import replace
from typing import Any, Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.ears import EachChoice, Ear, FillIn, arguments_as_text, calls_in
from adapters.failure import broken
from adapters.fields import unsupported
from adapters.manners import strict
from adapters.signals import Signal
from adapters.tools import Names
from adapters.wording import one_choice
from core.ask import Ask, Onward
from core.errors import invalid
from core.faults import Fault
from core.wire import Json, WireRequest

_ID: Final = re.compile(r"[a-zA-Z0-9]{9}")
_EFFORT: Final = {"none": "none", "minimal": "none"}  # all others are "high"
_TIERS: Final = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}
_NO_ARGUMENTS: Final[Json] = {"type": "object", "properties": {}}
_HOTTEST: Final = 1.5
# A user may not speak right after a tool, and an assistant must say something.
_PAUSE: Final[Json] = {"role": "assistant", "content": "Done."}

_CHAT: Final = frozenset(
    {
        "frequency_penalty",
        "guardrails",
        "logprobs",
        "max_tokens",
        "messages",
        "metadata",
        "min_tokens",
        "model",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_logprobs",
        "prompt_mode",
        "random_seed",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "safe_prompt",
        "service_tier",
        "stop",
        "stream",
        "temperature",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "top_prompt_logprobs",
    }
)
_FILL_IN: Final = frozenset(
    {
        "max_tokens",
        "metadata",
        "min_tokens",
        "model",
        "prompt",
        "prompt_cache_key",
        "random_seed",
        "stop",
        "stream",
        "suffix",
        "temperature",
        "top_p",
    }
)
_EMBEDDINGS: Final = frozenset({"encoding_format", "input", "metadata", "model", "output_dimension", "output_dtype"})


def _endpoint(draft: Draft) -> None:
    body = draft.body
    if draft.chat:
        _chat(draft)
    elif draft.ask.call.endpoint == "completions":
        draft.path = "/fim/completions"
        one_choice(draft)
        prompt = body["prompt"]
        body["prompt"] = prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt
        if not isinstance(body["prompt"], str):
            raise unsupported(f"{draft.model} takes one prompt, as text.", param="prompt")
    elif "dimensions" in body:
        body["output_dimension"] = body.pop("dimensions")


def _chat(draft: Draft) -> None:
    body = draft.body
    body["messages"] = _ordered([_message(message, index) for index, message in enumerate(body["messages"])])
    _name_calls(draft)
    if body.get("tools"):
        body["tools"] = [_tool(tool) for tool in body["tools"]]
        if body.get("tool_choice") == "required":
            body["tool_choice"] = "any"
    if isinstance(wanted := draft.take("reasoning_effort"), str):
        level = _EFFORT.get(wanted, "high")
        known = draft.ask.model.capabilities
        if not known or "reasoning" in known:
            body["reasoning_effort"] = level
        elif level != "none":
            draft.dropped("reasoning_effort")
    if (tier := draft.take("service_tier")) in _TIERS:
        body["service_tier"] = _TIERS[tier]
    elif tier is not None:
        draft.dropped("service_tier")


def _message(message: Json, index: int) -> Json:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = [_part(part, f"messages.{index}.content.{at}") for at, part in enumerate(content)]
    return {**message, "content": parts}


def _part(part: Json, at: str) -> Json:
    kind = part["type"]
    given: Any = part.get(kind)
    if kind == "input_audio" and isinstance(given, dict):
        return {"type": kind, "input_audio": given.get("data")}
    if kind != "file" or not isinstance(given, dict):
        return part
    if isinstance(id := given.get("file_id"), str) and id:
        return {"type": "file", "file_id": id}
    url = given.get("file_data") or given.get("file_url")
    if not isinstance(url, str) or not url:
        raise invalid("A file needs 'file_data' or 'file_id'.", param=f"{at}.file", code="missing_required_parameter")
    if not url.startswith(("data:", "http://", "https://")):
        url = f"data:application/pdf;base64,{url}"  # some clients leave the frame away
    name = given.get("filename")
    return {"type": "document_url", "document_url": url, **({"document_name": name} if name else {})}


def _ordered(messages: list[Json]) -> list[Json]:
    """System first, nobody silent, an assistant between a tool and a user; and an unfinished answer is gone on with."""
    told = [message for message in messages if message["role"] == "system"]
    for message in messages:
        role = message["role"]
        if role == "system" or (role == "assistant" and not (message.get("content") or message.get("tool_calls"))):
            continue
        if role == "user" and told and told[-1]["role"] == "tool":
            told.append(_PAUSE)
        told.append(message)
    last = told[-1] if told else {}
    if last.get("role") == "assistant" and not last.get("tool_calls"):
        told[-1] = {**last, "prefix": True}
    return told


def _name_calls(draft: Draft) -> None:
    """Ids in Mistral's alphabet, which depend on nothing but the client's."""
    names = Names(lambda given: _ID.fullmatch(given) is not None, 9)
    told = []
    for message in draft.body["messages"]:
        if calls := message.get("tool_calls"):
            message = {**message, "tool_calls": [{**call, "id": names.theirs(call["id"])} for call in calls]}
        if message["role"] == "tool":
            message = {**message, "tool_call_id": names.theirs(message["tool_call_id"])}
        told.append(message)
    draft.body["messages"] = told
    draft.notes = names.changed


def _tool(tool: Json) -> Json:
    function = tool["function"]
    schema = function.get("parameters")
    schema = schema if isinstance(schema, dict) else _NO_ARGUMENTS
    parameters = {name: value for name, value in schema.items() if name not in {"$id", "$schema"}}
    return {"type": "function", "function": {**function, "parameters": parameters}}


def _ear(ask: Ask, request: WireRequest) -> Ear:
    if ask.call.endpoint == "completions":
        return FillIn()
    theirs: dict[str, str] = request.notes or {}

    def ids(_choice: Json, content: Json) -> bool:
        changed = [call for call in calls_in(content) if call.get("id") in theirs]
        for call in changed:
            call["id"] = theirs[call["id"]]
        return bool(changed)

    return EachChoice(_flat, arguments_as_text, ids) if theirs else EachChoice(_flat, arguments_as_text)


def _flat(_choice: Json, content: Json) -> bool:
    """A list of chunks as text, thoughts and images. References only say where a text comes from."""
    chunks = content.get("content")
    if not isinstance(chunks, list):
        return False
    said, thought = "", ""
    images: list[Json] = []
    for chunk in chunks:
        kind = chunk.get("type") if isinstance(chunk, dict) else None
        if kind == "thinking":
            thought += _thoughts(chunk.get("thinking"))
        elif kind == "image_url":
            images.append({"type": "image_url", "image_url": {"url": _address(chunk, kind)}})
        elif kind == "document_url":
            said += f"\n{_address(chunk, kind)}\n"
        elif kind != "reference":
            said += _words(chunk)
    if said or not (thought or images):
        content["content"] = said
    elif "role" in content:
        content["content"] = None
    else:
        del content["content"]
    if thought:
        content["reasoning_content"] = thought
    if images:
        content["images"] = images
    return True


def _onward(_ask: Ask) -> Onward:
    """Its answer may begin with what it was handed."""
    return "echoed"


def _words(chunk: Any) -> str:
    """Text, however it is wrapped. Whatever has none would get lost."""
    text = chunk.get("text") if isinstance(chunk, dict) else chunk
    if not isinstance(text, str):
        raise broken("the answer has a piece of content that can't be told")
    return text


def _address(chunk: Json, kind: str) -> str:
    """Where an image or a document lies, or all of it as a data: URL."""
    given = chunk.get(kind)
    url = given.get("url") if isinstance(given, dict) else given
    if not (isinstance(url, str) and url):
        raise broken(f"the answer has a piece of content without its {kind}")
    return url


def _thoughts(chunks: Any) -> str:
    if isinstance(chunks, str):
        return chunks
    listed = chunks if isinstance(chunks, list) else ()
    texts = [chunk.get("text") if isinstance(chunk, dict) else chunk for chunk in listed]
    return "".join([text for text in texts if isinstance(text, str)])


MISTRAL: Final = Accent(
    base_url="https://api.mistral.ai/v1",
    manners=strict(
        parts=("text", "image_url", "file", "input_audio", "document_url", "thinking", "reference"),
        name=("tool",),
        assistant=("tool_calls", "prefix"),
    ),
    says=(_endpoint,),
    rename={"max_completion_tokens": "max_tokens", "seed": "random_seed"},
    takes={"chat": _CHAT, "completions": _FILL_IN, "embeddings": _EMBEDDINGS},
    clamp={"temperature": (0.0, _HOTTEST)},
    nulls=False,
    stream_options=False,
    finish={"model_length": "length"},
    hears=_ear,
    onward=_onward,
    signals=(
        Signal(Fault.BAD_REQUEST, codes=("3280",)),
        Signal(Fault.BAD_REQUEST, "tool call id was", statuses=(400, 422)),
        Signal(Fault.OVERLOADED, "service tier capacity exceeded", statuses=(429,)),
        Signal(Fault.MODEL_NOT_FOUND, statuses=(400, 404), codes=("1500",)),
        Signal(Fault.MODEL_NOT_FOUND, r"\binvalid model\b", statuses=(400, 404)),
        Signal(Fault.CONTEXT_LENGTH, r"too large for model with \d+ maximum context length", statuses=(400,)),
    ),
)

CODESTRAL: Final = replace(
    MISTRAL, base_url="https://codestral.mistral.ai/v1", endpoints=frozenset({"chat", "completions"})
)
