"""What a writer of its own pace asks before it writes: whether the client still takes what it was sent."""

import asyncio


class Tap:
    """Closed while a client doesn't take what it was sent."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._opened.set()

    def pause(self) -> None:
        self._opened.clear()

    def resume(self) -> None:
        self._opened.set()

    async def open(self) -> None:
        await self._opened.wait()
