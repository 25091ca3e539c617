"""Which server has what: the only one, the master that sentinels name, or the masters of a cluster by slot."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import RedisError

from store.contract import StoreDown
from store.redis_line import FAULTS, Command, Line
from store.redis_node import LOOK, Node, Terms
from store.redis_url import Address, Login

ASK: Final = 0.3  # seconds that a sentinel or a node has to say where the masters are
DOWN: Final = {"s_down", "o_down", "disconnected"}

Changed = Callable[[Node], None]


class Places(Protocol):
    @property
    def nodes(self) -> Sequence[Node]:
        """All servers that have something, as far as is known."""
        ...

    async def begin(self) -> None:
        """Finds and greets them all, or raises StoreDown."""
        ...

    def node(self, key: bytes) -> Node:
        """The server that has *key*; StoreDown if nobody has."""
        ...

    def at(self, address: Address) -> Node | None:
        """The server there, which a cluster spoke of, if it has anything."""
        ...

    async def look(self) -> None:
        """Finds out anew which server has what; raises nothing."""
        ...

    async def close(self) -> None: ...


class Single:
    """One server, or one at a time: *find* says where it is now."""

    def __init__(
        self, terms: Terms, changed: Changed, *, name: str, find: Callable[[], Awaitable[Address]] | None = None
    ) -> None:
        self._host = terms.place.hosts[0]
        self._node = Node(name, find or self._there, terms, changed)

    @property
    def nodes(self) -> Sequence[Node]:
        return (self._node,)

    async def begin(self) -> None:
        await self._node.greet()

    def node(self, key: bytes) -> Node:  # noqa: ARG002
        return self._node

    def at(self, address: Address) -> Node | None:  # noqa: ARG002
        return None

    async def look(self) -> None:
        """There is nothing to be found: each new connection asks."""

    async def close(self) -> None:
        await self._node.close()

    async def _there(self) -> Address:
        return self._host


class Sentinels(Single):
    """The master is the one that most of the sentinels name."""

    def __init__(self, terms: Terms, changed: Changed) -> None:
        self._terms = terms
        super().__init__(terms, changed, name=terms.place.master, find=self._master)

    async def _master(self) -> Address:
        place = self._terms.place
        name = place.master.encode()
        commands = ((b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", name), (b"SENTINEL", b"REPLICAS", name))
        asked = [_ask(host, place.sentinel_login, place.tls, commands) for host in place.hosts]
        answers = [one for one in await asyncio.gather(*asked) if one is not None and isinstance(one[0], list)]
        if not answers:
            raise RedisError(f"no sentinel knows where {place.master} is")
        masters = Counter((host.decode(), int(port)) for (host, port), _ in answers)
        [(address, votes)] = masters.most_common(1)
        replicas = [_flags(one) for [host, port], of in answers if (host.decode(), int(port)) == address for one in of]
        # That all replicas are down is believed to the most of the sentinels only: the others may be cut off with a
        # master that has been replaced.
        sure = votes > len(place.hosts) // 2
        self._node.expected = any(not flags & DOWN for flags in replicas) if sure else bool(replicas)
        return address


class Cluster:
    def __init__(self, terms: Terms, changed: Changed) -> None:
        self._terms = terms
        self._changed = changed
        self._nodes: dict[Address, Node] = {}
        self._owners: list[Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._looking: asyncio.Task[None] | None = None
        self._look_at = 0.0

    @property
    def nodes(self) -> Sequence[Node]:
        return tuple(self._nodes.values())

    async def begin(self) -> None:
        await self.look()
        if not self._nodes:
            raise StoreDown("no server of the cluster says who has what")
        await asyncio.gather(*(node.greet() for node in self._nodes.values()))

    def node(self, key: bytes) -> Node:
        node = self._owners[key_slot(key)]
        if node is None:
            raise StoreDown("no server of the cluster has this slot")
        return node

    def at(self, address: Address) -> Node | None:
        return self._nodes.get(address)

    async def look(self) -> None:
        """Once at a time, and not at once again; who asks meanwhile waits for the same answer."""
        loop = asyncio.get_running_loop()
        if self._looking is None:
            if loop.time() < self._look_at:
                return
            self._looking = loop.create_task(self._look())
        await asyncio.shield(self._looking)

    async def close(self) -> None:
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for node in self._nodes.values():
            await node.close()

    async def _look(self) -> None:
        try:
            place = self._terms.place
            # Those that answered last come first, those that didn't last: they may be cut off, and not know it.
            known = sorted(self._nodes, key=lambda address: self._nodes[address].breaker.open)
            for address in dict.fromkeys((*known, *place.hosts)):
                answers = await _ask(address, place.login, place.tls, ((b"CLUSTER", b"SLOTS"),))
                if answers and isinstance(answers[0], list) and answers[0]:
                    await self._learn(answers[0], address[0])
                    return
        finally:
            self._looking = None
            self._look_at = asyncio.get_running_loop().time() + LOOK / 10

    async def _learn(self, ranges: Iterable[Any], asked: str) -> None:
        """Ranges are (first, last, master, replica ...), servers (host, port ...)."""
        owners: list[Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        replicated: dict[Node, bool] = {}
        for first, last, (host, port, *_), *replicas in ranges:
            address = (host.decode() if host else asked, port)
            node = self._nodes.get(address) or self._nodes.setdefault(address, self._made(address))
            owners[first : last + 1] = [node] * (last + 1 - first)
            replicated[node] = bool(replicas)
        self._owners = owners
        for node, expected in replicated.items():
            node.expected = expected
        self._name(set(replicated))
        for address, node in list(self._nodes.items()):
            if node not in replicated:
                del self._nodes[address]
                await node.close()

    def _name(self, nodes: set[Node]) -> None:
        """Finds each node a tag whose slot it has: the same for every process that sees the same cluster."""
        number = 0
        while nodes:
            tag = str(number)
            node = self._owners[key_slot(tag.encode())]
            if node in nodes:
                nodes.discard(node)
                node.tag = tag
            number += 1

    def _made(self, address: Address) -> Node:
        async def there() -> Address:
            return address

        return Node(f"{address[0]}:{address[1]}", there, self._terms, self._changed)


async def _ask(
    address: Address, login: Login, tls: dict[str, str | bool] | None, commands: tuple[Command, ...]
) -> list[Any] | None:
    """On a connection for that alone; None if there is no answer."""
    try:
        async with asyncio.timeout(ASK):
            line = await Line.open(address, login, tls)
            try:
                return await line.talk(commands)
            finally:
                await line.close()
    except FAULTS:
        return None


def _flags(replica: list[bytes]) -> set[str]:
    """Of what a sentinel says of a replica, names and values in turns."""
    return set(dict(zip(replica[::2], replica[1::2], strict=True))[b"flags"].decode().split(","))
