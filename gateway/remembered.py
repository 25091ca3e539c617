"""Opaque state of models that think between tool calls, kept for clients that don't send it back.

A provider wants its thoughts again, unchanged, together with the results of the tools that it called. OpenAI's clients
have no place for them and drop what they don't know; so it is kept here, by the id of the tool call, for as long as
there is room. Each client finds only what was said to itself.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import orjson

from core.wire import Json

MOST_BYTES: Final = 32 * 1024 * 1024
_LARGEST: Final = 1024 * 1024
_MOST_CLIENTS: Final = 10_000  # of which it is kept who they are, each with a provider
_OVERHEAD: Final = 400  # bytes that an entry takes beside its state and its id: tuple, slots of the dictionary, list

Place = tuple[str, str, str]  # provider, key, id of the call


class Remembered:
    """What was used last stays longest. Sizes are those of the state as JSON, of its id, and of what keeps them.

    *of*: by provider and key.
    """

    __slots__ = ("_kept", "_most", "_size", "of")

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[Place, bytes] = OrderedDict()
        self._size = 0
        self.of = Recollections(self)

    def keep(self, provider: str, key: str, states: Mapping[str, Json]) -> None:
        for call_id, state in states.items():
            place = (provider, key, call_id)
            former = self._kept.pop(place, None)
            if former is not None:
                self._size -= _size(place, former)
            try:
                data = orjson.dumps(state)
            except orjson.JSONEncodeError:
                continue  # nested too deeply to be sent again either
            if _size(place, data) <= _LARGEST:
                self._size += _size(place, data)
                self._kept[place] = data
        while self._size > self._most:
            place, data = self._kept.popitem(last=False)
            self._size -= _size(place, data)

    def find(self, place: Place) -> Json | None:
        data = self._kept.get(place)
        if data is None:
            return None
        self._kept.move_to_end(place)
        state: Json = orjson.loads(data)
        return state


def _size(place: Place, data: bytes) -> int:
    return _OVERHEAD + len(place[2]) + len(data)


class Recollection:
    """What one provider said to one client; see core.ask.Memory."""

    __slots__ = ("_all", "_key", "_provider")

    def __init__(self, all: Remembered, provider: str, key: str) -> None:
        self._all = all
        self._provider = provider
        self._key = key

    def recall(self, call_id: str) -> Json | None:
        return self._all.find((self._provider, self._key, call_id))


class Recollections(dict[tuple[str, str], Recollection]):
    """By provider and key; what isn't there yet is made."""

    __slots__ = ("_all",)

    def __init__(self, all: Remembered) -> None:
        super().__init__()
        self._all = all

    def __missing__(self, whose: tuple[str, str]) -> Recollection:
        if len(self) >= _MOST_CLIENTS:
            self.clear()
        made = self[whose] = Recollection(self._all, *whose)
        return made
