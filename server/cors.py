"""Cross-origin requests from browsers, where the operator allows them."""

from config.schema import Cors
from server.reply import header

EXPOSED = (
    "x-request-id, retry-after, x-should-retry, x-switchyard-config, x-switchyard-route, x-switchyard-target, "
    "x-switchyard-attempts, x-switchyard-cost-usd, x-switchyard-dropped"
)


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


def preflight(cors: Cors) -> bytes:
    """What a browser wants to know before it sends anything; goes with the lines of *allowed*."""
    return (
        header("access-control-allow-methods", "GET, POST, OPTIONS")
        + header("access-control-allow-headers", ", ".join(cors.headers))
        + header("access-control-max-age", str(int(cors.max_age)))
    )
