"""Tells an address of the operator's what happened, once or as often as it takes to be heard.

What is sent is JSON as the gateway has it, or the form that Slack's incoming webhooks want, which many others take too.
"""

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import orjson

from core.faults import Failure, Fault
from core.secret import Secret
from upstream.origin import Origin
from upstream.request import request_head

TIMES: Final = 5  # a message is sent before it is given up
PAUSE: Final = 0.5  # seconds before the second time; then twice as long each time
PATIENCE: Final = 5.0
MOST: Final = 1_000  # messages that wait at a time
AT_ONCE: Final = 16  # connections: one that hangs must not take all files that a process may open
_SAFE: Final = "/%:@!$&'()*+,;=~?"  # what stays as it is in a path and its query

Lost = Callable[[str], None]
Message = Mapping[str, Any]

LONGEST: Final = 3000  # characters of a text in Slack
# What would be a link, a mention or a channel there; names may hold anything.
ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
SIGNS: Final = dict(zip(("firing", "resolved"), (":red_circle:", ":large_green_circle:"), strict=True))


def plain(message: Message) -> Message:
    return message


def slack(message: Message) -> Message:
    """https://docs.slack.dev/messaging/formatting-message-text"""
    said = {name: str(message.get(name) or "").translate(ESCAPED)[:LONGEST] for name in ("event", "scope", "message")}
    sign = SIGNS.get(str(message.get("state")), ":large_blue_circle:")
    head = f"{sign} *{said['event'].replace('_', ' ')}* {said['scope']}".strip()
    return {"text": f"{head}\n{said['message']}".strip()}


FORMS: Final[Mapping[str, Callable[[Message], Message]]] = {"json": plain, "slack": slack}


class Webhook:
    """One for each process. *lost* is told why a message could not be delivered (the address is never part of it),
    *heard* that one was. *form* is one of FORMS.

    What is sent carries `x-switchyard-signature: t=TIME,v1=HEX`, the HMAC-SHA256 of `TIME.BODY` under *secret*, if any.
    """

    __slots__ = ("_form", "_gate", "_heard", "_lost", "_secret", "_tasks", "_url")

    def __init__(
        self,
        url: Secret,
        secret: Secret | None,
        lost: Lost,
        *,
        form: str = "json",
        heard: Callable[[], None] | None = None,
    ) -> None:
        self._url = url
        self._secret = secret
        self._lost = lost
        self._heard = heard
        self._form = FORMS[form]
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def once(self, message: Message) -> str:
        """Send it now, a single time. Empty where it was taken, else why not."""
        return await self._attempt(orjson.dumps(self._form(message)))

    def send(self, message: Message) -> None:
        """Returns at once; a call never waits for it."""
        if len(self._tasks) >= MOST:
            self._lost("too many messages are waiting")
            return
        task = asyncio.get_running_loop().create_task(self._deliver(orjson.dumps(self._form(message))))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self, within: float = 1.0) -> None:
        """What is under way gets *within* seconds to arrive."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, body: bytes) -> None:
        why = ""
        for number in range(TIMES):
            if number:
                await asyncio.sleep(PAUSE * 2 ** (number - 1))
            async with self._gate:
                why = await self._attempt(body)
            if not why:
                if self._heard is not None:
                    self._heard()
                return
        self._lost(why)

    async def _attempt(self, body: bytes) -> str:
        """Empty where it was taken, else why not."""
        headers = {"accept": "*/*", "content-type": "application/json", "user-agent": "switchyard"}
        if self._secret:
            headers["x-switchyard-signature"] = signature(self._secret, body, int(time.time()))
        try:
            answer = await _answered(self._url.reveal(), headers, body)
        except ValueError:
            return "its address is no URL"
        if isinstance(answer, Failure):
            return f"it can't be reached ({answer.message})"
        return "" if answer < 300 else f"it answered {answer}"


class _Verdict:
    """Hears the status, after which nothing matters: what follows may be anything. See upstream.sink.Sink."""

    __slots__ = ("outcome",)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.outcome: asyncio.Future[int | Failure] = loop.create_future()

    def on_head(self, status: int, head: bytes) -> None:
        del head
        self._hear(status)

    def on_data(self, data: bytes) -> None: ...

    def on_end(self) -> None: ...

    def on_error(self, failure: Failure) -> None:
        self._hear(failure)

    def _hear(self, outcome: int | Failure) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


async def _answered(url: str, headers: dict[str, str], body: bytes) -> int | Failure:
    """The status with which *body* was taken or refused. Raises ValueError for what is no URL."""
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    if parts.username is not None:
        name = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["authorization"] = f"Basic {b64encode(name.encode()).decode()}"
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    origin = Origin(where, connect_timeout=PATIENCE, loop=loop, spare=False)
    verdict = _Verdict(loop)
    try:
        origin.send(request_head("POST", path, origin.host_header, headers.items()), body, verdict)
        async with asyncio.timeout(PATIENCE):
            return await verdict.outcome
    except TimeoutError:
        return Failure(Fault.TIMEOUT, f"no answer within {PATIENCE:g} s")
    finally:
        await origin.close()


def signature(secret: Secret, body: bytes, now: int) -> str:
    digest = hmac.new(secret.reveal().encode(), b"%d.%b" % (now, body), "sha256").hexdigest()
    return f"t={now},v1={digest}"
