"""Whom this system trusts is read when somebody connects with TLS first, and not whenever we start.

aiohttp reads it twice while it is imported, for connections that name no context of their own. Ours do
(`upstream.dial.trust`), and reading takes a seventh of a start.
"""

import ssl


def spared() -> None:
    """Import aiohttp without that. Whoever used its own context would find nobody trusted, and be refused."""
    ssl.SSLContext.set_default_verify_paths = _nothing  # type: ignore[method-assign, assignment]
    try:
        import aiohttp  # noqa: F401, PLC0415  (this is what it's about)
    finally:
        del ssl.SSLContext.set_default_verify_paths


def _nothing(_context: ssl.SSLContext) -> None:
    """Nobody is trusted."""
