"""What a chat completion becomes on its way to somebody who asked in the plain form."""

from typing import Final

import orjson

from api.plain_answer import Pieces, event, whole
from api.stream import KEEPALIVE
from gateway.call.plain_call import PlainCall
from server.reply import JSON, Reply
from server.turned import Turned

OBJECT: Final = {"object": "completion"}


class Whole(Turned):
    """A chat completion, turned into a plain answer."""

    __slots__ = ("call",)

    call: PlainCall

    def whole(self, status: int, body: bytes, headers: bytes = b"", kind: bytes = JSON) -> None:
        if status == 200:
            body = orjson.dumps(OBJECT | whole(body) | self.call.told())
        super().whole(status, body, headers, kind)


class Streamed(Turned):
    """The chunks of a chat completion, turned into plain events: each says its `type`, and the last is `done`.

    One that breaks off ends with `error`, and without `done`.
    """

    __slots__ = ("_pieces", "call")

    call: PlainCall

    def __init__(self, outer: Reply) -> None:
        super().__init__(outer)
        self._pieces = Pieces()

    def send(self, data: bytes) -> float:
        return super().send(KEEPALIVE if data == KEEPALIVE else self._turned(data))

    def end(self, data: bytes = b"", more: bytes = b"") -> None:
        pieces = self._pieces
        last = self._turned(data + more)
        if pieces.whole:
            last += event({"type": "done", **pieces.end(), **self.call.told()})
        super().end(last)

    def _turned(self, data: bytes) -> bytes:
        return b"".join([event(told) for told in self._pieces.feed(data)])
