"""Opening a connection: addresses, TLS, and what the system says when it doesn't work, in our words.

HTTP proxies (HTTPS_PROXY and the like) are not supported. Private certificate authorities are: by OpenSSL's
own SSL_CERT_FILE and SSL_CERT_DIR.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from core.faults import Failure, Fault, UpstreamError
from upstream.addresses import Contest, Habit, addresses

_PORTS: Final = {"http": 80, "https": 443}

_BY_ERRNO: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "the connection was reset while it was opened",
    errno.ECONNABORTED: "the connection was closed while it was opened",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.EMFILE: "out of file descriptors",
    errno.ENFILE: "out of file descriptors",
    errno.ENOBUFS: "out of memory for connections",
    errno.ENOMEM: "out of memory for connections",
}
# What we have run out of, and not whoever we wanted to reach.
_OURS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})
# OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH: Python's text for them names the host.
_OTHER_NAME: Final = frozenset({62, 64})


class Address(NamedTuple):
    """Where an origin lives. *host* is ASCII and lower-case; IPv6 without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def address(url: str) -> Address:
    """The origin of a URL, whatever its path. Raise ValueError if it has none that we can connect to."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("expected a URL that starts with http:// or https:// and names a host")
    if parts.username is not None:
        raise ValueError("a URL must not carry a user or password")
    host = parts.hostname.encode("idna").decode("ascii")
    return Address(parts.scheme, host, parts.port or _PORTS[parts.scheme])


@cache
def trust(*, verify: bool) -> ssl.SSLContext:
    """One context for each trust set: reading the system's certificates takes 16 ms."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def dial(
    to: Address,
    *,
    verify_tls: bool,
    within: float,
    protocol: Callable[[], asyncio.Protocol],
    loop: asyncio.AbstractEventLoop,
    habit: Habit,
) -> None:
    """Connect a *protocol*, TLS included, *within* so many seconds. Raise UpstreamError: UNREACHABLE, or BUSY
    where this process has no room for another one.

    All addresses of the name are tried, the next before the last has failed if that takes long, and the protocol is
    given to the first that connects. *habit* is what was learned of this name.
    """
    context = trust(verify=verify_tls) if to.scheme == "https" else None
    try:
        await _connect(to, context=context, deadline=loop.time() + within, protocol=protocol, loop=loop, habit=habit)
    except OSError as error:  # TimeoutError is one
        fault = Fault.BUSY if error.errno in _OURS else Fault.UNREACHABLE
        raise UpstreamError(Failure(fault, _words(error, within))) from None


async def _connect(
    to: Address,
    *,
    context: ssl.SSLContext | None,
    deadline: float,
    protocol: Callable[[], asyncio.Protocol],
    loop: asyncio.AbstractEventLoop,
    habit: Habit,
) -> None:
    name = to.host if context else None

    async def attempt(host: str, made: Callable[[], asyncio.Protocol]) -> None:
        await loop.create_connection(made, host, to.port, ssl=context, server_hostname=name)

    async with asyncio.timeout_at(deadline):
        hosts = addresses(await loop.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM))
        if len(hosts) == 1:
            await attempt(hosts[0], protocol)
            return
    now = loop.time()
    contest = Contest(habit.order(hosts, now), protocol, attempt)
    # However little time there is, a first address that swallows packets must leave some for the next.
    winner = await contest.run(min(habit.delay, (deadline - now) / 2), deadline)
    if winner is None:
        # The system puts first what is most likely to work, so its failure says most.
        raise contest.errors.get(hosts[0], TimeoutError())
    habit.learn(winner, usual=winner == hosts[0], took=contest.took, now=now)


def _words(error: OSError, within: float) -> str:
    """What went wrong, without a name or an address."""
    match error:
        case TimeoutError():
            return f"could not connect within {within:g}s"
        case socket.gaierror():
            return "name not found" if error.errno in _NO_SUCH_NAME else "the name could not be looked up"
        case ssl.SSLCertVerificationError():
            other = error.verify_code in _OTHER_NAME
            return f"TLS certificate not accepted: {'it is for another name' if other else error.verify_message}"
        case ssl.SSLError():
            return "TLS handshake failed"
    return _BY_ERRNO.get(error.errno or 0, "could not connect")
