"""What was fetched for one call, so that its attempts don't fetch it twice."""

import asyncio
from collections.abc import Mapping, Sequence

from adapters.media import place
from config.schema import Fetching
from core.ask import Media
from core.call import Call
from core.errors import Refusal, invalid
from upstream.fetch import Fetcher, Limits, Unfetchable


class Gallery:
    """Bounded by the limits of a call. What could not be fetched stays so."""

    __slots__ = ("_call", "_failed", "_fetcher", "_found", "_rules")

    def __init__(self, call: Call, fetcher: Fetcher, rules: Fetching) -> None:
        self._call = call
        self._fetcher = fetcher
        self._rules = rules
        self._found: dict[str, Media] = {}
        self._failed: dict[str, Refusal] = {}

    async def show(self, urls: Sequence[str], *, within: float) -> Mapping[str, Media]:
        """What is behind *urls*. Raise Refusal where the client has to name another. *within* so many seconds."""
        for url in urls:
            if url in self._failed:
                raise self._failed[url]
        missing = [url for url in dict.fromkeys(urls) if url not in self._found]
        if missing:
            rules = self._rules
            spent = sum(len(media.data) * 3 // 4 for media in self._found.values())
            limits = Limits(rules.allow_private, max(rules.max - spent, 0), max(min(rules.timeout, within), 0.0))
            try:
                # In a task of its own: timeouts and aiohttp insist on one. A call that ends takes it along.
                self._found |= await asyncio.create_task(self._fetcher.fetch(missing, limits))
            except Unfetchable as failure:
                at = place(self._call.body.get("messages"), failure.url)
                refusal = invalid(f"The URL {failure.why}.", param=at, code="invalid_image_url")
                self._failed[failure.url] = refusal
                raise refusal from None
        return self._found
