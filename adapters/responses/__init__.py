"""The bridge from chat completions to OpenAI's Responses API, for the calls that only that one takes."""

from adapters.limits import Limits
from adapters.responses.answer import decoded, usage_in
from adapters.responses.request import Bridged, request
from adapters.responses.signals import SIGNALS
from adapters.responses.stream import ResponsesDecoder
from adapters.signals import Signal
from adapters.whole import counted
from core.ask import Ask
from core.faults import Failure, Fault
from core.usage import Usage
from core.wire import Completion, WireRequest

__all__ = ["SIGNALS", "Bridge", "Bridged"]


class Bridge:
    """One provider's. *path* is where it takes responses.

    It learns whether the provider summarises thoughts for us: OpenAI does so only for verified organisations.
    """

    __slots__ = ("_path", "_signals", "_summaries")

    def __init__(self, path: str, signals: tuple[Signal, ...]) -> None:
        self._path = path
        self._signals = signals
        self._summaries = True

    def encode(self, ask: Ask, limits: Limits) -> WireRequest:
        return request(ask, limits, self._path, summaries=self._summaries)

    def decode(self, body: bytes, ask: Ask, note: Bridged) -> Completion:
        return decoded(body, ask, note, self._signals)

    def counted(self, body: bytes) -> Usage | None:
        return counted(body, usage_in)

    def decoder(self, ask: Ask, note: Bridged) -> ResponsesDecoder:
        return ResponsesDecoder(ask, note, self._signals)

    def learnt(self, failure: Failure) -> Failure:
        """What a refusal means. Without summaries the same call is fine, so it is worth another try."""
        if failure.param != "reasoning.summary" or failure.status != 400:
            return failure
        self._summaries = False
        return Failure(Fault.BROKEN, failure.message, status=400, code=failure.code, type=failure.type)
