"""The head of a request as bytes, and nothing in it that could start a second one."""

import re
from collections.abc import Iterable
from typing import Final

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VISIBLE: Final = re.compile(r"[!-~]+")
_PATH: Final = re.compile(r"/[!-~]*")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

# Framing and connection are ours; and what we asked for uncompressed must not come compressed.
_OURS: Final = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


def request_head(method: str, url_path: str, host_header: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Request line and headers, without Content-Length and the blank line, which *send* adds.

    Raise ValueError for anything that HTTP can't carry, and for headers that are not the caller's to set. The
    message never holds a value, since values are secrets.
    """
    if not _TOKEN.fullmatch(method):
        raise ValueError("the method is not an HTTP token")
    if not _PATH.fullmatch(url_path):
        raise ValueError("the path must start with a slash and hold visible ASCII only")
    if not _VISIBLE.fullmatch(host_header):
        raise ValueError("the host must be visible ASCII")
    lines = [f"{method} {url_path} HTTP/1.1\r\nhost: {host_header}\r\n"]
    lines += [_line(name, value) for name, value in headers]
    return "".join(lines).encode("latin-1")


def _line(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError("a header's name is not an HTTP token")
    if name.lower() in _OURS:
        raise ValueError(f"the header {name} is set by the connection itself")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the value of the header {name} holds characters that HTTP can't carry")
    return f"{name}: {value}\r\n"
