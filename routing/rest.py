"""How another target is asked for the rest of an answer that broke off, and which answers have a rest to ask for."""

from typing import Any, Final

from core.ask import Onward
from core.call import Call
from core.errors import Refusal
from core.wire import Json
from routing.seam import anchor, shown

BYTES_PER_TOKEN: Final = 4
QUESTION: Final = (
    "Your last message broke off before its end. Write the rest of it now. Begin with its last words, which follow, "
    "exactly as they are, with nothing before them; then go on from there as if there had been no break, and don't "
    "mention it.\n\n"
)
# Answers of a given shape: half of one can't be joined to half of another.
_SHAPED: Final = (
    "format",
    "grammar",
    "guided_choice",
    "guided_grammar",
    "guided_json",
    "guided_regex",
    "json_schema",
    "structured_outputs",
)
_LIMITS: Final = ("max_tokens", "max_completion_tokens")


def continuable(call: Call) -> bool:
    """Whether an answer to *call* is plain text, as far as its request tells."""
    body, logprobs = call.body, call.body.get("logprobs")
    if not call.stream or call.choices != 1 or any(body.get(name) is not None for name in _SHAPED):
        return False
    if not (logprobs is None or logprobs is False):
        return False
    if call.endpoint == "chat":
        shape = (body.get("response_format") or {}).get("type", "text")
        return shape == "text" and body.get("audio") is None and body.get("modalities") in (None, ["text"])
    if call.endpoint != "completions":
        return False
    plain = not (body.get("echo") or body.get("suffix")) and (body.get("best_of") or 1) == 1
    return plain and _prompt(body) is not None


def rest(call: Call, said: str, onward: Onward) -> Call:
    """*call*, asking for what follows *said*, of a target that goes on from it in the way *onward*.

    Raise a Refusal where that target can't be asked.
    """
    text = shown(said)
    # What was said counts; what has to be repeated doesn't.
    spoken = len(text.encode()) // BYTES_PER_TOKEN
    if call.endpoint == "completions":
        if not onward:
            raise Refusal(400, "the model can't go on with an answer", code="unsupported_by_model", param="prompt")
        return _limited(call, {**call.body, "prompt": f"{_prompt(call.body)}{text}"}, spoken)
    messages: list[Json] = call.body["messages"]
    if onward:
        return _limited(call, {**call.body, "messages": _begun(messages, text)}, spoken)
    known = anchor(said)
    if not known:
        return call  # nothing but blanks was said
    told: list[Json] = [
        *messages,
        {"role": "assistant", "content": text},
        {"role": "user", "content": QUESTION + known},
    ]
    return _limited(call, {**call.body, "messages": told}, spoken - len(known.encode()))


def _begun(messages: list[Json], text: str) -> list[Json]:
    """*messages* with *text* as the last one's beginning; the client may have begun it already."""
    last = messages[-1]
    if last["role"] == "assistant" and isinstance(before := last.get("content"), str) and not last.get("tool_calls"):
        return [*messages[:-1], {**last, "content": before + text}]
    return [*messages, {"role": "assistant", "content": text}]


def _limited(call: Call, body: Json, spoken: int) -> Call:
    """With *body*, and no more than is left of the tokens that the client allows."""
    for name in _LIMITS:
        if (most := body.get(name)) is not None:
            body[name] = max(1, most - max(0, spoken))
    left = None if call.max_output is None else max(1, call.max_output - max(0, spoken))
    return call._replace(body=body, max_output=left, size=call.size + spoken * BYTES_PER_TOKEN, plain=False)


def _prompt(body: Json) -> str | None:
    """The only prompt, if it is text."""
    prompt: Any = body["prompt"]
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    return prompt if isinstance(prompt, str) else None
