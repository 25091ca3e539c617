"""What the messages of a call say, read once for all dialects that have messages of another shape.

Legacy spellings (functions, bare strings, arguments that are objects) are read as what they mean. What can't be
understood is refused by the path of the field; nothing is left out in silence.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

import orjson

from adapters.digits import exact
from adapters.fields import unsupported
from adapters.media import Blob, blob_of
from core.ask import Media
from core.errors import invalid
from core.wire import Json

Mark = str | None  # "5m" or "1h": the client marks this as the end of what shall be cached
_LONG = frozenset({"1h", "12h", "24h"})
_TALKERS = frozenset({"system", "user", "assistant"})


class Text(NamedTuple):
    text: str
    mark: Mark = None


class Picture(NamedTuple):
    """An image: *blob* where its bytes are here, else only its *url*."""

    url: str
    blob: Blob | None
    detail: str | None
    at: str
    mark: Mark = None


class Sound(NamedTuple):
    data: str  # base64
    format: str
    at: str


class Document(NamedTuple):
    """A file. One of *blob*, *url* and *id* is there."""

    blob: Blob | None
    url: str | None
    id: str | None
    name: str | None
    at: str
    mark: Mark = None


Part = Text | Picture | Sound | Document


class Request(NamedTuple):
    """A call of a tool that an assistant's message makes. *custom*: *arguments* is {"input": text}."""

    id: str
    name: str
    arguments: Json
    custom: bool
    extra: Mapping[str, Any]  # `extra_content` and whatever else stands beside it


FAILED: Final = "The tool failed:\n"


class Turn(NamedTuple):
    """One message. *role* is system, user, assistant or tool. *at* is its path; *raw* the message itself.

    Of a tool's message *answers* is the id of the call, *name* that of the tool. *mark* is the message's own.
    """

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Part, ...]
    calls: tuple[Request, ...]
    answers: str
    name: str
    at: str
    raw: Json
    mark: Mark = None

    @property
    def text(self) -> str:
        """All that is text in it."""
        return "".join([part.text for part in self.parts if isinstance(part, Text)])

    @property
    def failed(self) -> bool:
        """Whether it is the result of a tool that has failed."""
        return self.raw.get("is_error") is True

    @property
    def told(self) -> str:
        """The text of a tool's message for whom no field could tell that the tool has failed."""
        return FAILED + self.text if self.failed else self.text


def turns(body: Json, media: Mapping[str, Media]) -> list[Turn]:
    """The messages of *body*, in order. *media* is what has been fetched."""
    named: dict[str, str] = {}  # the id of each call -> the tool's name
    open_function = ""  # the id made up for a legacy function_call that waits for its result
    told: list[Turn] = []
    role: Any
    for index, message in enumerate(body["messages"]):
        at = f"messages.{index}"
        role = "system" if message["role"] == "developer" else message["role"]
        if len(message) == 2 and role in _TALKERS and message.get("content").__class__ is str:  # most are no more
            said = message["content"]
            told.append(Turn(role, (Text(said),) if said else (), (), "", "", at, message))
            continue
        parts = tuple(_parts(message.get("content"), f"{at}.content", media))
        calls: tuple[Request, ...] = ()
        answers = name = ""
        if role == "assistant":
            calls = tuple(_calls(message, at, index))
            named.update((call.id, call.name) for call in calls)
            open_function = calls[0].id if calls and message.get("function_call") else open_function
            if isinstance(refusal := message.get("refusal"), str) and refusal and not parts:
                parts = (Text(refusal),)
        elif role == "function":
            role, answers, name = "tool", open_function or f"call_{index}", str(message.get("name") or "")
        elif role == "tool":
            answers = message["tool_call_id"]
            name = named.get(answers) or str(message.get("name") or "")
        told.append(Turn(role, parts, calls, answers, name, at, message, mark_of(message)))
    return told


def merged(told: list[Turn]) -> Iterator[tuple[str, list[Turn]]]:
    """Neighbours of one role together, where results of tools count as the user's."""
    group: list[Turn] = []
    side = ""
    for turn in told:
        of = "user" if turn.role == "tool" else turn.role
        if group and of != side:
            yield side, group
            group = []
        side = of
        group.append(turn)
    if group:
        yield side, group


def _parts(content: Any, at: str, media: Mapping[str, Media]) -> Iterator[Part]:
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    for index, part in enumerate(content or ()):
        yield _part(part, f"{at}.{index}", media)


def _part(part: Json, at: str, media: Mapping[str, Media]) -> Part:
    match part["type"]:
        case "text" | "input_text" | "output_text":
            return Text(_said(part.get("text"), f"{at}.text"), mark_of(part))
        case "refusal":
            return Text(_said(part["refusal"], f"{at}.refusal"), mark_of(part))
        case "image_url" | "input_image":
            return _picture(part, at, media)
        case "input_audio":
            sound = _object(part.get("input_audio"), f"{at}.input_audio")
            return Sound(_text(sound, "data", f"{at}.input_audio"), str(sound.get("format") or "wav"), at)
        case "file" | "input_file":
            return _document(part, at, media)
        case kind:
            raise unsupported(f"A content part of type '{str(kind)[:64]}' can't be sent to this model.", param=at)


def _picture(part: Json, at: str, media: Mapping[str, Media]) -> Picture:
    given = part.get("image_url", part.get("input_image"))
    detail = part.get("detail")
    if isinstance(given, dict):
        detail = given.get("detail", detail)
        given = given.get("url")
    if not isinstance(given, str) or not given:
        raise invalid("An image needs a 'url'.", param=f"{at}.image_url.url", code="invalid_image_url")
    detail = detail if isinstance(detail, str) else None
    blob = blob_of(given, media, f"{at}.image_url.url")
    if blob is not None and blob.kind.startswith("text/"):
        # Mostly a page about the image.
        raise invalid("The URL holds text, not an image.", param=f"{at}.image_url.url", code="invalid_image_url")
    return Picture(given, blob, detail, at, mark_of(part))


def _document(part: Json, at: str, media: Mapping[str, Media]) -> Document:
    file = _object(part.get("file", part), f"{at}.file")
    name = file.get("filename")
    name = name if isinstance(name, str) and name else None
    if isinstance(id := file.get("file_id"), str) and id:
        return Document(None, None, id, name, at, mark_of(part))
    given = file.get("file_data") or file.get("file_url")
    if not isinstance(given, str) or not given:
        raise invalid("A file needs 'file_data' or 'file_id'.", param=f"{at}.file", code="missing_required_parameter")
    if not given.startswith(("http://", "https://")) and given[:5].lower() != "data:":
        given = f"data:;base64,{given}"  # some clients leave the frame away
    blob = blob_of(given, media, f"{at}.file.file_data")
    return Document(blob, given if given.startswith("http") else None, None, name, at, mark_of(part))


def _calls(message: Json, at: str, index: int) -> Iterator[Request]:
    for number, call in enumerate(message.get("tool_calls") or ()):
        path = f"{at}.tool_calls.{number}"
        extra = {
            name: value for name, value in call.items() if name not in {"id", "type", "function", "custom", "index"}
        }
        if call.get("type") == "custom":
            custom = _object(call.get("custom"), f"{path}.custom")
            arguments = {"input": custom.get("input") or ""}
            yield Request(call["id"], _text(custom, "name", f"{path}.custom"), arguments, custom=True, extra=extra)
            continue
        function = _object(call.get("function"), f"{path}.function")
        arguments = arguments_of(function.get("arguments"), f"{path}.function.arguments", of=call["id"])
        yield Request(call["id"], _text(function, "name", f"{path}.function"), arguments, custom=False, extra=extra)
    legacy = message.get("function_call")
    if legacy and not message.get("tool_calls"):
        path = f"{at}.function_call"
        function = _object(legacy, path)
        arguments = arguments_of(function.get("arguments"), f"{path}.arguments")
        yield Request(f"call_{index}", _text(function, "name", path), arguments, custom=False, extra={})


def arguments_of(given: Any, at: str, *, of: str = "") -> Json:
    """A call's arguments as the object that they mean. *of* is the call's id."""
    if isinstance(given, dict):
        return given
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}
    try:
        value = exact(orjson.loads(given), given) if isinstance(given, str) else given
    except ValueError:
        which = f"the tool call '{of[:64]}'" if of else "a tool call"
        raise invalid(f"The arguments of {which} must be JSON.", param=at) from None
    return value if isinstance(value, dict) else {"value": value}


def mark_of(thing: Json) -> Mark:
    """Both spellings of a cache mark: Anthropic's, and OpenAI's breakpoints (30m and 12h)."""
    mark = thing.get("cache_control") or thing.get("prompt_cache_breakpoint")
    if not isinstance(mark, dict):
        return None
    return "1h" if str(mark.get("ttl")) in _LONG else "5m"


def _said(value: Any, at: str) -> str:
    """Text where null is as good as none."""
    if value is not None and not isinstance(value, str):
        raise invalid(f"Invalid type for '{at}': expected a string.", param=at, code="invalid_type")
    return value or ""


def _object(value: Any, at: str) -> Json:
    if not isinstance(value, dict):
        raise invalid(f"Invalid type for '{at}': expected an object.", param=at, code="invalid_type")
    return value


def _text(owner: Json, name: str, at: str) -> str:
    value = owner.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"Missing required parameter: '{at}.{name}'.", param=f"{at}.{name}")
    return value
