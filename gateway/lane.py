"""A provider as one generation reaches it: its adapter, its connections, its credentials ready to be sent."""

import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from adapters.contract import Adapter
from adapters.discretion import Discretion
from core.target import Provider
from core.wire import WireRequest
from upstream.request import request_head
from upstream.signing import Signer
from upstream.sink import Exchange, Network, Sink

MOST_HEADS: Final = 1000  # paths differ where they name the model, and wildcard routes let clients name models


class Lane:
    """Keeps the head of each request ready, so that sending is one lookup and one write.

    Where a credential signs instead, every request has a head of its own.
    """

    __slots__ = ("_base", "_heads", "_host", "_keys", "_signers", "adapter", "discretion", "provider", "sender")

    def __init__(self, provider: Provider, adapter: Adapter, sender: Network) -> None:
        self.provider = provider
        self.adapter = adapter
        self.discretion = Discretion(provider)
        self.sender = sender
        url = urlsplit(provider.base_url)
        self._host = url.netloc or "localhost"
        self._base = url.path.rstrip("/")
        keys = provider.keys or (None,)
        self._keys = tuple(adapter.headers(key) for key in keys)
        signatures = [adapter.signature(key) for key in keys]
        address = f"{url.scheme}://{url.netloc}"
        self._signers = tuple(None if one is None else Signer(one, address, self._host) for one in signatures)
        self._heads: dict[tuple[str, int], bytes] = {}

    @property
    def serves(self) -> frozenset[str]:
        """The endpoints whose calls can go there at all."""
        return self.adapter.endpoints if self.provider.configured else frozenset()

    def send(
        self, request: WireRequest, credential: int, sink: Sink, connect: float | None = None, lines: bytes = b""
    ) -> Exchange:
        """*credential* is an index into the provider's keys; -1 where it has none. *lines* are further header lines.

        *connect* is how long opening a connection may take, if one is opened.
        """
        head = None if request.headers else self._heads.get((request.path, credential))
        if head is None:
            head = self._written(request, credential)
        return self.sender.send(head + lines if lines else head, request.body, sink, connect)

    def get(self, path: str, credential: int, sink: Sink, connect: float | None = None) -> Exchange:
        """Ask for what stands at *path*, without a body. For providers that have a listing: none of them signs."""
        headers = [(name, value) for name, value in self._keys[max(credential, 0)] if name != "content-type"]
        return self.sender.send(request_head("GET", self._base + path, self._host, headers), b"", sink, connect)

    def _written(self, request: WireRequest, credential: int) -> bytes:
        """A head for *request*, kept where it is good for others like it."""
        signer = self._signers[credential]  # the last where there is none is the only one
        if signer is not None:
            return self._signed(signer, request, credential)
        if request.headers:
            return self._head(request.path, credential, dict(request.headers))
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()
        head = self._heads[request.path, credential] = self._head(request.path, credential, {})
        return head

    def _signed(self, signer: Signer, request: WireRequest, credential: int) -> bytes:
        path = self._base + request.path
        headers = {**dict(self._keys[credential]), **dict(request.headers)}
        signed = signer.signed(path, tuple(headers.items()), request.body, time.time())
        return request_head("POST", path, self._host, signed)

    def _head(self, path: str, credential: int, extra: Mapping[str, str]) -> bytes:
        headers = {**dict(self._keys[max(credential, 0)]), **extra}
        return request_head("POST", self._base + path, self._host, tuple(headers.items()))
