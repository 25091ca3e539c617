"""Cross-origin requests from browsers, where the operator allows them."""

import re
from typing import Final

from config.schema import Cors
from server.reply import header

EXPOSED = (
    "x-request-id, retry-after, x-should-retry, x-switchyard-config, x-switchyard-route, x-switchyard-target, "
    "x-switchyard-attempts, x-switchyard-cost-usd, x-switchyard-dropped"
)
# What official clients send, and what is ours: there are many of each, and more with each version.
FAMILIES: Final = ("openai-", "x-stainless-", "x-switchyard-")
NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
USUAL: Final = Cors().headers


def allowed(cors: Cors, origin: str | None) -> bytes:
    """The header lines that let the page at *origin* read an answer; none if it may not."""
    if origin is None or not cors.origins:
        return b""
    if "*" in cors.origins:
        lines = header("access-control-allow-origin", "*")
    elif origin in cors.origins:
        lines = header("access-control-allow-origin", origin) + header("vary", "origin")
    else:
        return header("vary", "origin")
    return lines + header("access-control-expose-headers", EXPOSED)


def preflight(cors: Cors, origin: str | None, wanted: str) -> bytes:
    """What a browser wants to know before it sends anything; goes with the lines of *allowed*. *wanted* are the headers
    that the page at *origin* would like to send.
    """
    names = list(cors.headers)
    if cors.headers == USUAL and ("*" in cors.origins or origin in cors.origins):
        more = dict.fromkeys(name.strip().lower() for name in wanted.split(","))
        names += [name for name in more if name.startswith(FAMILIES) and NAME.fullmatch(name)]
    return (
        header("access-control-allow-methods", "GET, POST, OPTIONS")
        + header("access-control-allow-headers", ", ".join(names))
        + header("access-control-max-age", str(int(cors.max_age)))
    )
