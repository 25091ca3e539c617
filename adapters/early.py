"""Finishes that may come too early: some providers give each piece of content one, and only the last is true."""

from adapters.accent import Accent
from adapters.openai_events import hide_usage, writable
from adapters.openai_parts import renamed
from core.wire import Chunk, Event, Json, Verbatim


class Early:
    """The events of one stream that bring content and a finish. Each waits until more comes, or the end."""

    __slots__ = ("_accent", "_asked", "_waiting")

    def __init__(self, accent: Accent, *, include_usage: bool) -> None:
        self._accent = accent
        self._asked = include_usage
        self._waiting: dict[int, tuple[bytes, Json, Chunk | Verbatim]] = {}

    def hear(self, event: bytes, body: Json, told: Chunk | Verbatim) -> list[Event]:
        """What the client gets now that *event* came, which is *body*, has one choice, and would be *told* so."""
        out: list[Event] = []
        choice = body["choices"][0]
        before = self._waiting.pop(choice["index"], None)
        if before is not None:
            raw, unfinished, _ = before
            renamed(unfinished["choices"], "delta", self._accent)
            hide_usage(unfinished, include_usage=self._asked)
            unfinished["choices"][0]["finish_reason"] = None
            out.append(Chunk(writable(unfinished, raw)))
        if choice.get("finish_reason"):
            self._waiting[choice["index"]] = event, body, told
        else:
            out.append(told)
        return out

    def end(self) -> list[Event]:
        """What waited has come last."""
        return [told for _, _, told in self._waiting.values()]
