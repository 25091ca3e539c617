"""The events of a stream in OpenAI's dialect: what is replaced in their bytes, and how they are read and joined."""

import re
from typing import Any

import orjson

from adapters import sse
from adapters.accent import Accent
from adapters.alike import Swap
from adapters.failure import broken, failure_inside, is_error, speaks
from adapters.ordinary import CHOICES
from adapters.signals import Signal
from core.faults import UpstreamError
from core.wire import Event, Json, Verbatim

_NO_USAGE = (b',"usage":null', b', "usage": null')
# The head that nearly all events have, whatever their ids: nothing in it but texts and a time, under names that mean
# nothing else. To read it as JSON costs three times as much.
_TEXT = rb'"(?:id|model|system_fingerprint|service_tier|provider)": ?(?:"[ !#-\[\]-~]*"|null)'
_KIND = rb'"object": ?"(?:chat\.completion\.chunk|text_completion)"'  # of all that it may be, an "error" is one
_HEAD = re.compile(rb'data: ?\{(?:(?:%s|%s|"created": ?(?:0|[1-9][0-9]*)), ?)*' % (_TEXT, _KIND))
_SHALLOW = 200  # brackets, with which an event can't be nested too deeply to be written


def swaps_of(accent: Accent, *, include_usage: bool) -> tuple[Swap, ...]:
    """What is replaced in bytes that else go through untouched."""
    names = tuple((b'"%s":' % theirs.encode(), b'"%s":' % ours.encode()) for theirs, ours in accent.keys.items())
    # Where we asked for usage and the client did not, its chunks have no such member.
    return names if include_usage else (*names, *((null, b"") for null in _NO_USAGE))


def read_event(data: bytes) -> Json:
    try:
        body = orjson.loads(data)
    except ValueError:
        raise broken("an event of the stream is not JSON") from None
    if not isinstance(body, dict):
        raise broken("an event of the stream is not a JSON object")
    return body


def is_head(head: bytes) -> bool:
    """Whether this is how an event begins that has nothing to say beside its choices."""
    if _HEAD.fullmatch(head) is not None:
        return True
    try:
        fields = orjson.loads(head[5:] + CHOICES + b"[]}")
    except ValueError:
        return False
    return not is_error(fields) and not fields.get("usage")


def writable(body: Json, event: bytes) -> Json:
    """*body*, which was read from *event*: what is nested deeply can be read, but not all of it written again."""
    if event.count(b"{") + event.count(b"[") > _SHALLOW:
        try:
            orjson.dumps(body)
        except orjson.JSONEncodeError:
            raise broken("an event of the stream is nested too deeply") from None
    return body


def hide_usage(body: Json, *, include_usage: bool) -> bool:
    """What comes along with choices is told at the end. Where nothing stood there nothing stands afterwards.

    Whether there was any.
    """
    if "usage" not in body:
        return False
    usage = body.pop("usage")
    if include_usage:
        body["usage"] = None
    return bool(usage)


def whole_event(rest: bytes) -> bool:
    """Whether an event that lacks its blank line was cut inside its JSON."""
    data = sse.event(rest).data
    if data is None or data.strip() == b"[DONE]":
        return data is not None
    try:
        value: Any = orjson.loads(data)
    except ValueError:
        return False
    return isinstance(value, dict)


def refuse_plain_json(rest: bytes, signals: tuple[Signal, ...]) -> None:
    """A body that was no stream at all may still say why."""
    if rest.lstrip().startswith(b"{"):
        body = read_event(rest)
        if is_error(body) or ("choices" not in body and speaks(body)):
            raise UpstreamError(failure_inside(body, signals=signals))


def joined(events: list[Event]) -> list[Event]:
    """Neighbouring Verbatims as one."""
    out: list[Event] = []
    run: list[bytes] = []
    for event in events:
        if isinstance(event, Verbatim):
            run.append(event.data)
            continue
        if run:
            out.append(Verbatim(b"".join(run)))
            run = []
        out.append(event)
    if run:
        out.append(Verbatim(b"".join(run)))
    return out
