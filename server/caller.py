"""Who is at the door: what of a request we look at, and its body, read within limits."""

import asyncio
import re
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http import HttpVersion, HttpVersion10

from core.errors import Refusal
from server.reply import CONTINUE, Reply

SLOWEST: Final = 65536  # bytes a second that a body must come with, after its first seconds
VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,128}")
HTTP_2: Final = HttpVersion(2, 0)
PRIORITY: Final = "x-switchyard-priority"


class Caller:
    """Whoever asks, and the *body* of what they ask now: None while it still has to be read from *request*.

    *digest* is that of the key which *authorization* was found to be (see Keyring.identify). *priority* is what
    `x-switchyard-priority` says, if anything; *trace* what `traceparent` and `tracestate` do.
    """

    __slots__ = ("authorization", "body", "digest", "origin", "priority", "request", "request_id", "trace")

    def __init__(
        self,
        authorization: str | None,
        request_id: str | None,
        origin: str | None,
        body: bytes | memoryview | None,
        request: web.BaseRequest | None = None,
        *,
        priority: str | None = None,
        trace: tuple[str, str] | None = None,
    ) -> None:
        self.authorization = authorization
        self.digest = b""
        # The client's own id for its request, if it is one that can stand in a header and a log.
        self.request_id = request_id if request_id is not None and VISIBLE.fullmatch(request_id) else None
        self.origin = origin
        self.body = body
        self.request = request
        self.priority = priority
        self.trace = trace

    def again(self) -> "Caller":
        """The same one with another request, of which nothing has come yet but a head that is no different."""
        caller = Caller(
            self.authorization, self.request_id, self.origin, None, priority=self.priority, trace=self.trace
        )
        caller.digest = self.digest
        return caller

    def take_api_key(self) -> None:
        """As Azure's clients send it, unless there is an `Authorization`."""
        if self.authorization is None and self.request is not None:
            key = self.request.headers.get("api-key")
            self.authorization = None if key is None else f"Bearer {key}"

    async def read(self, *, limit: int, patience: float) -> None:
        """See that the body is there: refused beyond *limit* before it is read, and when it comes too slowly."""
        if self.request is not None:
            self.body = await read_body(self.request, limit=limit, patience=patience)
            self.request = None
        if self.body is not None and len(self.body) > limit:
            raise too_large(limit)

    def taken(self) -> bytes | memoryview:
        """The body, which from then on belongs to whoever asked: an answer may take minutes."""
        body, self.body = self.body, None
        return b"" if body is None else body


def caller_of(request: web.BaseRequest) -> Caller:
    headers = request.headers
    get = headers.get
    trace = (get("traceparent", ""), ",".join(headers.getall("tracestate", ()))) if "traceparent" in headers else None
    if trace is not None and len(headers.getall("traceparent")) > 1:
        trace = None  # nobody knows which of them is meant
    priority = get(PRIORITY)
    return Caller(
        get("authorization"), get("x-request-id"), get("origin"), None, request, priority=priority, trace=trace
    )


def message_of(request: web.BaseRequest) -> Any:
    """The head as aiohttp has read it; its type says that it is a tuple, and it is none."""
    return cast("Any", request)._message  # noqa: SLF001


def path_of(request: web.BaseRequest) -> str:
    """What is asked for, be the target a path or a whole URL (RFC 9112, 3.2.2). A `%2F` in it is no slash."""
    target: str = message_of(request).path.partition("?")[0]
    if target.startswith("/") and "%" not in target:
        return target
    return request.rel_url.path_safe  # the public property builds a URL


def reply_to(request: web.BaseRequest, loop: asyncio.AbstractEventLoop) -> Reply:
    message = message_of(request)  # the public properties parse the URL anew
    line: Any = request._protocol  # noqa: SLF001  (always our Connection)
    reply = Reply(line, loop, old=message.version <= HttpVersion10, keep_alive=not message.should_close)
    reply.driver = asyncio.current_task(loop)
    line.answer = request, reply
    return reply


async def read_body(request: web.BaseRequest, *, limit: int, patience: float) -> bytes:
    """The body, refused beyond *limit* before it is read, and when it comes too slowly."""
    headers = request.headers
    if len(headers.getall("authorization", ())) > 1:
        raise Refusal(400, "Two Authorization headers.", code="invalid_header")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "Compressed bodies are not accepted.", code="unsupported_content_encoding")
    length = headers.get("content-length")
    if length is not None and int(length) > limit:
        raise too_large(limit)
    content = request.content
    if content.is_eof():
        return content.read_nowait()
    if headers.get("expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(CONTINUE)
    return await _collect(request, limit=limit, patience=patience)


async def _collect(request: web.BaseRequest, *, limit: int, patience: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    started = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(started + patience) as waiting:
            while part := await request.content.readany():
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise too_large(limit)
                waiting.reschedule(started + patience + size / SLOWEST)
    except TimeoutError:
        raise Refusal(408, "The request body did not come in time.", code="request_timeout") from None
    except web.RequestPayloadError as error:
        raise Refusal(400, f"The request body is malformed: {error}.", code="invalid_body") from None
    return b"".join(parts)


def too_large(limit: int) -> Refusal:
    return Refusal(413, f"The request body is larger than {limit} bytes.", code="request_too_large")
