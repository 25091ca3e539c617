"""Finishes that may come too early: clients take exactly one, and only the last is true.

Some providers give each piece of content one, or go on after one; and a filter that runs beside the model, as with
Azure, may catch what it said when it has ended.
"""

from adapters.accent import Accent
from adapters.endings import FILTERED
from adapters.openai_events import hide_usage, writable
from adapters.openai_parts import renamed
from core.wire import Chunk, Event, Json, Verbatim


class Early:
    """The events of one stream that bring a finish. Each waits until more comes, or the end."""

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

    def has(self, index: int) -> bool:
        """Whether the finish of this choice waits."""
        return index in self._waiting

    def end(self) -> list[Event]:
        """What waited has come last."""
        return [told for _, _, told in self._waiting.values()]


def caught_late(choices: list[Json]) -> bool:
    """Give those a finish that have none, and of which a filter says that it caught what was said. Whether any has."""
    caught = False
    for choice in choices:
        results = choice.get("content_filter_results")
        if isinstance(results, dict) and not choice.get("finish_reason"):
            for result in results.values():
                if isinstance(result, dict) and result.get("filtered") is True:
                    choice["finish_reason"] = FILTERED
                    caught = True
    return caught
