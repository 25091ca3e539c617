"""The one wide fact we keep of a finished call, and how it reads in a log."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

import orjson

from core.tenths import tenths
from core.usage import COUNTS, Usage
from telemetry.trace import Trace


class Decided(Protocol):
    """A choice among several targets."""

    def kept(self) -> list[Any]: ...


Attempt = tuple[str, str, float]  # target, fault code ("" if it went well), milliseconds

DOLLAR = 1_000_000_000  # in nano-dollars
LONGEST = 300  # characters of a name in a line: clients write some of them
LONGEST_ERROR = 1_000
TROUBLE = 500  # the status from which a call is more than information

# JSON may carry these as they are, but terminals and line readers act on them: DEL, C1, line and paragraph
# separators, and the marks that reverse the reading direction.
_UNRULY = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@#+*,-]+")

# Lines of calls that went well, with places for what differs from one to the next. Used by the log's thread alone.
_TEMPLATES: dict[tuple[object, ...], bytes] = {}
_MOST = 1_000
_DEAR = 100_000 * DOLLAR  # what costs less has fourteen digits at most
_is_safe = re.compile(rf"[A-Za-z0-9_./:@#+*,-]{{0,{LONGEST}}}").fullmatch
_NOTHING_RARE = (0,) * len(COUNTS[5:])
_FORMS = {
    "time": b'"%b.%03dZ"',
    "id": b'"%b"',
    "trace_id": b'"%b"',
    "tried": b"%d.%d",  # which takes a third of the time of %.1f
    "total_ms": b"%d.%d",
    "first_content_ms": b"%d.%d",
    **dict.fromkeys(COUNTS, b"%d"),
    "cost_usd": b"%.14g",  # as Python itself would write it, in half the time
    "bytes_in": b"%d",
    "bytes_out": b"%d",
}
_WHOLE = {"cost_usd": b"%.1f"}  # a number of dollars without cents, zero above all


class Record:
    """Made when a call begins, filled in on the way; plain attributes because it is made for every call.

    *time* is unix time, *cost* nano-dollars, *total* and *first* (to the first content, of a stream) milliseconds.
    *tried* is every attempt in order, a good one last and with an empty fault; *attempts* counts them, and *costs* and
    *took* have what each was paid and took where there are several. *usage* is what all took together. *fault* is what
    the client was told in the end. *degraded* is the budget because of which another route answered. *decided* is how
    targets were put in order, where there was a choice. *continued* are the seams of an answer in parts. *asked* and
    *answered* are for logs that the operator wants content in. *task* is what the call was for, *hedged* what became of
    a second attempt beside a slow one: won, lost or failed; *hedge* is its place in *tried*, from 0. *canary*: asked if
    its targets were tried, passed if others were then. *cache*: hit, miss, stale or bypass, where answers are kept;
    *saved* is what a kept one would have cost (nano-dollars). *trace*: where calls have one.
    """

    __slots__ = (
        "answered",
        "asked",
        "attempts",
        "bytes_in",
        "bytes_out",
        "cache",
        "canary",
        "continued",
        "cost",
        "costs",
        "decided",
        "degraded",
        "dropped",
        "endpoint",
        "error",
        "estimated",
        "fault",
        "finish",
        "first",
        "generation",
        "gone",
        "hedge",
        "hedged",
        "id",
        "key",
        "provider",
        "route",
        "saved",
        "status",
        "stream",
        "target",
        "task",
        "time",
        "took",
        "total",
        "trace",
        "tried",
        "usage",
    )

    def __init__(self, id: str, time: float, *, endpoint: str = "", key: str = "", generation: str = "") -> None:
        self.id = id
        self.time = time
        self.key = key
        self.endpoint = endpoint
        self.generation = generation
        self.route = ""
        self.target = ""
        self.task = ""
        self.provider = ""
        self.stream = False
        self.status = 0
        self.fault = ""
        self.attempts = 0
        self.tried: tuple[Attempt, ...] = ()
        self.costs: tuple[int, ...] = ()
        self.took: tuple[Usage | None, ...] = ()
        self.usage: Usage | None = None
        self.cost = 0
        self.estimated = False
        self.total = 0.0
        self.first: float | None = None
        self.gone = False
        self.dropped: tuple[str, ...] = ()
        self.degraded = ""
        self.continued: tuple[Mapping[str, Any], ...] = ()
        self.decided: list[Decided] = []
        self.hedged = ""
        self.hedge = -1
        self.canary = ""
        self.cache = ""
        self.saved = 0
        self.error = ""
        self.finish: str | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self.asked: bytes | None = None
        self.answered: bytes | bytearray | None = None
        self.trace: Trace | None = None


def as_json(record: Record, *, content: bool = False) -> bytes:
    """One line without its end."""
    usage, tried = record.usage, record.tried
    if (
        content
        or usage is None
        or len(tried) != 1
        or tried[0][1]
        or record.fault
        or record.error
        or record.dropped
        or record.gone
        or record.degraded
        or record.saved
        or record.cost >= _DEAR
        or _is_safe(record.id) is None
    ):
        return line(_fields(record, content=content))
    return _filled(record, usage)


def _filled(record: Record, usage: Usage) -> bytes:
    """The line of a call that went well at its first attempt, filled into that of another one like it: this costs a
    quarter of what writing any JSON does.
    """
    target, _, took = record.tried[0]
    first, trace, cost, rare = record.first, record.trace, record.cost, usage[7:12]
    common = rare == _NOTHING_RARE
    likeness = (
        record.route,
        record.target,
        record.key,
        record.finish,
        record.status,
        record.endpoint,
        record.provider,
        record.stream,
        record.cache,
        record.estimated,
        record.generation,
        target,
        first is None,
        trace is None,
        cost % DOLLAR == 0,
        common,
    )
    template = _TEMPLATES.get(likeness)
    if template is None:
        template = _learn(record, likeness)
    if not template:
        return line(_fields(record, content=False))
    second, tried, total = int(record.time), int(took * 10 + 0.5), int(record.total * 10 + 0.5)
    return template % (
        _second(second),
        int((record.time - second) * 1000),
        record.id.encode(),
        *(() if trace is None else (trace.id.encode(),)),
        tried // 10,
        tried % 10,
        total // 10,
        total % 10,
        *(() if first is None else divmod(int(first * 10 + 0.5), 10)),
        *usage[:5],
        *(() if common else rare),
        cost / 1e9,
        record.bytes_in,
        record.bytes_out,
    )


def _learn(record: Record, likeness: tuple[object, ...]) -> bytes:
    """A line with places for what differs from call to call; empty where names leave none that is certain."""
    *_, whole, common = likeness
    fields, forms = _fields(record, content=False), _FORMS | _WHOLE if whole else _FORMS
    counts, counted = fields["usage"], COUNTS[:5] if common else COUNTS
    ((target, fault, _),) = fields["tried"]
    places = [name for name in forms if name in counted or fields.get(name) is not None]
    for name in places:
        if name in counts:
            counts[name] = f"@{name}@"
        else:
            fields[name] = f"@{name}@" if name != "tried" else [(target, fault, "@tried@")]
    template = line(fields).replace(b"%", b"%%")
    for name in places:
        place = b'"@%b@"' % name.encode()
        if template.count(place) != 1:
            template = b""
            break
        template = template.replace(place, forms[name])
    if len(_TEMPLATES) >= _MOST:
        _TEMPLATES.clear()
    _TEMPLATES[likeness] = template
    return template


def as_text(record: Record, *, content: bool = False) -> str:
    """One line without its end: the moment, then name=value for all that is not empty."""
    return sentence(_fields(record, content=content))


def line(value: object) -> bytes:
    """JSON on one line, whatever is in it: no control character, nothing that a reader could take for a line's end."""
    try:
        data = orjson.dumps(value, default=str)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits: rare, and the slower writer takes them.
        data = json.dumps(value, default=str, separators=(",", ":")).encode()
    # Nothing above ASCII and no DEL: nothing to look for.
    return data if data.isascii() and b"\x7f" not in data else _UNRULY.sub(_escaped, data)


def sentence(fields: Mapping[str, Any]) -> str:
    """As *line*, for people: the time, the level and the message first."""
    rest = dict(fields)
    head = [str(rest.pop("time")), str(rest.pop("level")), _word(rest.pop("message"))]
    return " ".join(head + [f"{name}={_word(value)}" for name, value in rest.items() if value or _is_number(value)])


def moment(time: float) -> str:
    """Unix time as logs show it, in UTC, to the millisecond."""
    second = int(time // 1)
    return f"{_second(second).decode()}.{int((time - second) * 1000):03d}Z"


@lru_cache(maxsize=4)
def _second(second: int) -> bytes:
    """Most lines fall in the second of the one before."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def level_of(record: Record) -> str:
    """A call that failed through no doing of its client is worth a second look."""
    return "warning" if record.status >= TROUBLE else "info"


def _fields(record: Record, *, content: bool) -> dict[str, Any]:
    """In the order of reading. The same names in every line, so that whoever reads them needs no cases."""
    fields: dict[str, Any] = {
        "time": moment(record.time),
        "level": level_of(record),
        "message": "call",
        "id": record.id[:LONGEST],
        **({} if record.trace is None else {"trace_id": record.trace.id}),
        "status": record.status,
        "endpoint": record.endpoint,
        "route": record.route[:LONGEST],
        "target": record.target[:LONGEST],
        "provider": record.provider,
        "key": record.key,
        "stream": record.stream,
        "fault": record.fault,
        "error": record.error[:LONGEST_ERROR],
        "attempts": record.attempts,
        "tried": [(target[:LONGEST], fault, tenths(ms)) for target, fault, ms in record.tried],
        "total_ms": tenths(record.total),
        "first_content_ms": None if record.first is None else tenths(record.first),
        "usage": None if record.usage is None else _tokens(record.usage),
        "cost_usd": record.cost / 1e9,
        "cache": record.cache,
        "saved_usd": record.saved / 1e9 if record.saved else None,
        "estimated": record.estimated,
        "finish": record.finish,
        "client_gone": record.gone,
        "dropped": record.dropped,
        "degraded": record.degraded,
        "hedged": record.hedged,
        "continued": record.continued,
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
        "config": record.generation,
    }
    if content:
        fields["asked"] = _decoded(record.asked)
        fields["answered"] = _decoded(record.answered)
    return fields


def _tokens(usage: Usage) -> dict[str, int]:
    return dict(zip(COUNTS, (*usage[:5], *usage[7:12]), strict=True))


def _decoded(data: bytes | bytearray | None) -> str | None:
    return None if data is None else data.decode(errors="replace")


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match[0].decode())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _word(value: object) -> str:
    """Bare if nobody could misread it, JSON otherwise."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return line(value).decode()
