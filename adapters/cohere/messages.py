"""The messages of a chat as Cohere takes them."""

import orjson

from adapters.fields import Fields, unsupported
from adapters.tools import Names
from adapters.turns import Picture, Request, Text, Turn, turns
from core.ask import Ask
from core.wire import Json

_DETAILS = frozenset({"auto", "low", "high"})


def messages(ask: Ask, fields: Fields, names: Names) -> list[Json]:
    """*fields* is told of what gets lost, *names* of the tools."""
    told = turns(ask.call.body, ask.media)
    if any(turn.role != "tool" and turn.raw.get("name") for turn in told):
        fields.dropped("messages.name")
    return [_message(turn, ask, names) for turn in told if not _says_nothing(turn)]


def _says_nothing(turn: Turn) -> bool:
    """An answer without text and calls, which Cohere refuses and which tells a model nothing."""
    return turn.role == "assistant" and not turn.parts and not turn.calls


def _message(turn: Turn, ask: Ask, names: Names) -> Json:
    model = ask.target.model
    if turn.role == "user" and any(not isinstance(part, Text) for part in turn.parts):
        return {"role": "user", "content": _parts(turn, model)}
    for part in turn.parts:
        if not isinstance(part, Text):
            raise unsupported(f"{model} takes images in the user's messages only.", param=part.at)
    if turn.role == "assistant":
        return _answer(turn, ask, names)
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": turn.answers, "content": turn.told}
    return {"role": turn.role, "content": turn.text}


def _parts(turn: Turn, model: str) -> list[Json]:
    made: list[Json] = []
    for part in turn.parts:
        match part:
            case Text(text=text):
                made.append({"type": "text", "text": text})
            case Picture(url=url, blob=blob, detail=detail):
                if blob is not None and url[:5].lower() == "data:":
                    if not blob.kind.startswith("image/"):
                        raise unsupported(f"{model} takes texts and images, but no files.", param=part.at)
                    url = f"data:{blob.kind};base64,{blob.data}"
                image: Json = {"url": url}
                if isinstance(detail, str) and detail in _DETAILS:
                    image["detail"] = detail
                made.append({"type": "image_url", "image_url": image})
            case _:
                raise unsupported(f"{model} takes texts and images, but no files and no sounds.", param=part.at)
    return made


def _answer(turn: Turn, ask: Ask, names: Names) -> Json:
    """What the model thought is sent back with the calls that came of it, and forgotten afterwards."""
    message: Json = {"role": "assistant"}
    thoughts = turn.raw.get("reasoning_content") or turn.raw.get("reasoning")
    content: str | list[Json] = turn.text
    if turn.calls:
        message["tool_calls"] = [_call(call, names) for call in turn.calls]
        if isinstance(thoughts, str) and _reasons(ask):
            content = [{"type": "thinking", "thinking": thoughts}]
            content += [{"type": "text", "text": turn.text}] if turn.text else []
        elif isinstance(thoughts, str):
            message["tool_plan"] = thoughts
    if content:
        message["content"] = content
    return message


def _call(call: Request, names: Names) -> Json:
    arguments = orjson.dumps(call.arguments).decode()
    return {"id": call.id, "type": "function", "function": {"name": names.theirs(call.name), "arguments": arguments}}


def _reasons(ask: Ask) -> bool:
    """Whether the model thinks in blocks; the others make a plan."""
    return "reasoning" in ask.model.capabilities or "reasoning" in ask.target.model
