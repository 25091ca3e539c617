"""What hears a streamed answer on its way to the client, so that it can be judged when it is over."""

from collections.abc import Sequence
from typing import Final

from upstream.trial import Relay

LARGEST: Final = 256 * 1024  # bytes of an answer that is read


class Ear:
    """Hears what a client is told in a stream, as far as it isn't too much."""

    __slots__ = ("_size", "pieces")

    def __init__(self) -> None:
        self._size = 0
        self.pieces: list[bytes] = []

    def hear(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= LARGEST:
            self.pieces.append(piece)

    def beside(self, relay: Relay) -> Relay:
        """*relay*, heard."""

        def heard(piece: bytes) -> float:
            self.hear(piece)
            return relay(piece)

        return heard

    @property
    def whole(self) -> Sequence[bytes]:
        """All that was said; nothing where that was too much."""
        return self.pieces if self._size <= LARGEST else ()
