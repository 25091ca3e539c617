"""A whole answer of Converse as OpenAI writes it, and what whole and streamed answers have in common."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from adapters.bedrock.failures import failure_inside
from adapters.bedrock.request import Notes
from adapters.bedrock.thoughts import kept, shown
from adapters.endings import unheard_of
from adapters.failure import broken
from adapters.tools import made_id
from adapters.whole import Made, choice, completion, read
from core.ask import Ask
from core.faults import Failure, Fault, UpstreamError
from core.usage import Usage, count
from core.wire import Completion, Json

FINISH: Mapping[str, str] = {
    "content_filtered": "content_filter",
    "end_turn": "stop",
    "guardrail_intervened": "content_filter",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
}
FATAL = frozenset({"malformed_model_output", "malformed_tool_use"})
_FILES = ("audio", "document", "video")
_TIERS = {"default": "default", "flex": "flex", "priority": "priority", "reserved": "scale"}
NO_NOTES = Notes({}, frozenset(), "")


def decode(body: bytes, ask: Ask, notes: Notes | None) -> Completion:
    notes = notes or NO_NOTES
    answer = read(body, b'"toolUse"')
    message = _object(answer, "output").get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        if "message" in answer or "__type" in answer:
            raise UpstreamError(failure_inside(answer))
        raise broken("the answer has no message")
    calls = _calls(content, ask, notes)
    made = [call for call in calls if call.name != notes.answer]
    finish = finish_of(answer.get("stopReason"), calls=bool(made), used=any("toolUse" in block for block in content))
    told = _Told(content)
    text = next((call.arguments for call in calls if call.name == notes.answer), None)
    if text is None:
        text = told.text or (None if made else "")
    extra = {"annotations": told.annotations, "images": told.images, "thinking_blocks": shown(content)}
    one = choice(
        finish,
        text=text,
        reasoning=told.reasoning,
        calls=made,
        extra={name: value for name, value in extra.items() if value},
    )
    tier = tier_of(answer)
    more = {"service_tier": tier} if tier else {}
    return completion(ask, [one], usage_in(answer), remember=kept(ask.target.model, content), **more)


def finish_of(reason: Any, *, calls: bool, used: bool, half: bool = False) -> str:
    """*calls*: the model calls tools of the client's. *used*: or any other tool. *half*: what it calls one with is no
    JSON object, which only an answer that was cut off may have.
    """
    if not isinstance(reason, str):
        raise broken("the answer doesn't say why it ended")
    if reason in FATAL:
        # What the model wrote was no call, or no answer: its fault, and the next try may go well.
        raise UpstreamError(Failure(Fault.BROKEN, f"the provider ended the answer with {reason!r}"))
    finish = FINISH.get(reason) or unheard_of(reason)
    if finish not in {"stop", "tool_calls"}:
        return finish
    if half:
        raise broken("the answer calls a tool with half of its arguments")
    if finish == "tool_calls" and not used:
        raise broken("the answer ends with the call of a tool, and has none")
    return "tool_calls" if calls else "stop"


def usage_in(answer: Json) -> Usage | None:
    return usage_of(answer.get("usage"), tier_of(answer))


def usage_of(value: Any, tier: str) -> Usage | None:
    """Bedrock counts what it read from a cache, or wrote to one, beside the rest of the input."""
    if not isinstance(value, dict):
        return None
    input, output = count(value.get("inputTokens")), count(value.get("outputTokens"))
    if input is None or output is None:
        return None
    read = count(value.get("cacheReadInputTokens")) or 0
    written = count(value.get("cacheWriteInputTokens")) or 0
    long = min(written, _written_for_long(value.get("cacheDetails")))
    return Usage(input, read, written - long, output, cache_write_long=long, tier=tier)


def _written_for_long(details: Any) -> int:
    rows = details if isinstance(details, list) else ()
    return sum(count(row.get("inputTokens")) or 0 for row in rows if isinstance(row, dict) and row.get("ttl") == "1h")


def tier_of(answer: Json) -> str:
    """The service tier that was served, in OpenAI's words; empty where nothing is said."""
    return _TIERS.get(str(_object(answer, "serviceTier").get("type")), "")


def annotation(citation: Json, start: int, end: int) -> Json | None:
    """A source on the web that a piece of the text comes from. Others have no place in OpenAI's answers."""
    web = _object(_object(citation, "location"), "web")
    url = web.get("url")
    if not isinstance(url, str):
        return None
    title = citation.get("title")
    named = {"title": title if isinstance(title, str) else str(web.get("domain") or url), "url": url}
    return {"type": "url_citation", "url_citation": {"start_index": start, "end_index": end, **named}}


def picture(form: Any, data: str) -> Json:
    """An image in an answer, where other gateways put it."""
    return pictured(f"data:image/{form or 'png'};base64,{data}")


def pictured(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def place_of(media: Json) -> str | None:
    """Where an image, or whatever else a model has made, lies, if it isn't here. Raise UpstreamError if it failed."""
    if error := media.get("error"):
        said = error.get("message") if isinstance(error, dict) else None
        raise broken(f"the model failed at a piece of the answer: {str(said)[:200]}")
    uri = _object(_object(media, "source"), "s3Location").get("uri")
    return uri if isinstance(uri, str) and uri else None


def words_of(owner: Json) -> str | None:
    """The text of a block, or of a piece of one; None where it has none."""
    text = owner.get("text")
    if text is not None and not isinstance(text, str):
        raise broken("the answer has a text that is none")
    return text


def called(use: Json, ask: Ask, number: int) -> tuple[str, str]:
    """Id and name of the call *number*: one without an id gets one, so that its result can name it."""
    id, name = use.get("toolUseId"), use.get("name")
    if not (isinstance(name, str) and name):
        raise broken("the answer calls a tool without a name")
    return id if isinstance(id, str) and id else made_id(ask, number), name


def joined(pieces: Sequence[str]) -> str:
    """Base64 that came in pieces, each encoded by itself."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece) for piece in pieces)).decode()
    except ValueError:
        raise broken("a piece of the answer is not base64") from None


def plain(arguments: Json) -> str:
    """What a tool that takes plain text is called with."""
    given = arguments.get("input")
    return given if isinstance(given, str) else orjson.dumps(arguments).decode()


class _Told:
    """Everything in an answer but calls."""

    __slots__ = ("annotations", "images", "reasoning", "text")

    def __init__(self, content: list[Json]) -> None:
        self.annotations: list[Json] = []
        self.images: list[Json] = []
        self.reasoning = ""
        self.text = ""
        for block in content:
            self._tell(block)

    def _tell(self, block: Json) -> None:
        if (text := words_of(block)) is not None:
            self.text += text
        elif "reasoningContent" in block:
            said = _object(_object(block, "reasoningContent"), "reasoningText").get("text")
            self.reasoning += said if isinstance(said, str) else ""
        elif "citationsContent" in block:
            self._cite(_object(block, "citationsContent"))
        elif "image" in block:
            image = _object(block, "image")
            if isinstance(data := _object(image, "source").get("bytes"), str):
                self.images.append(picture(image.get("format"), data))
            elif (place := place_of(image)) is not None:
                self.images.append(pictured(place))
        else:
            self.text += "".join([_elsewhere(kind, _object(block, kind)) for kind in _FILES if kind in block])

    def _cite(self, cited: Json) -> None:
        start = len(self.text)
        self.text += "".join([str(part.get("text") or "") for part in _objects(cited, "content")])
        found = (annotation(citation, start, len(self.text)) for citation in _objects(cited, "citations"))
        self.annotations += [one for one in found if one is not None]


def _elsewhere(kind: str, media: Json) -> str:
    """A file as its address, since OpenAI's answers have no other place for one."""
    place = place_of(media)
    if place is None:
        raise broken(f"the answer has a piece of content that can't be told: {kind}")
    return f"\n{place}\n"


def _calls(content: list[Json], ask: Ask, notes: Notes) -> list[Made]:
    """The client's tools, and the one that is the answer; what the provider runs by itself is nobody's call."""
    calls: list[Made] = []
    for block in content:
        use = _object(block, "toolUse")
        if "toolUse" not in block or use.get("type") == "server_tool_use":
            continue
        id, name = called(use, ask, len(calls))
        arguments = use.get("input") or {}
        if not isinstance(arguments, dict):
            raise broken("the answer calls a tool with what is no JSON object")
        ours = notes.names.get(name, name)
        custom = ours in notes.custom
        text = plain(arguments) if custom else orjson.dumps(arguments).decode()
        calls.append(Made(id, ours, text, custom=custom))
    return calls


def _object(owner: Json, name: str) -> Json:
    value = owner.get(name)
    return value if isinstance(value, dict) else {}


def _objects(owner: Json, name: str) -> list[Json]:
    value = owner.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
