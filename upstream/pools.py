"""All origins of this process. They outlive reloads of the config, and so do their connections."""

import asyncio
from collections.abc import Collection

from upstream.connection import Put, at_once
from upstream.dial import Address, address
from upstream.origin import Origin


class Pools:
    """Origins by scheme, host, port and whether the certificate is checked. *put* is what Origin wants it for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, put: Put = at_once) -> None:
        self._loop = loop
        self._put = put
        self._origins: dict[tuple[Address, bool], Origin] = {}
        self._retired: list[Origin] = []

    def origin(self, base_url: str, *, connect_timeout: float, verify_tls: bool = True, idle: float = 60.0) -> Origin:
        """The origin of *base_url*, whose path doesn't matter; the times of the last who asked hold.

        Raise ValueError for a URL that one can't connect to.
        """
        key = (address(base_url), verify_tls)
        origin = self._origins.get(key)
        if origin is None:
            origin = Origin(
                base_url,
                connect_timeout=connect_timeout,
                loop=self._loop,
                verify_tls=verify_tls,
                idle=idle,
                put=self._put,
            )
            self._origins[key] = origin
        origin.connect_timeout = connect_timeout
        origin.idle = idle
        return origin

    def retire(self, keep: Collection[Origin]) -> None:
        """Close all other origins' idle connections now, and busy ones when they are done."""
        for key, origin in list(self._origins.items()):
            if origin not in keep:
                origin.retire()
                self._retired.append(origin)
                del self._origins[key]
        self._retired = [origin for origin in self._retired if origin.busy_count]

    async def close(self) -> None:
        """Close everything; what still runs fails."""
        for origin in [*self._origins.values(), *self._retired]:
            await origin.close()
        self._origins.clear()
        self._retired.clear()
