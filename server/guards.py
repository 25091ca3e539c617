"""What a browser is told with a page of ours: nobody frames it, and nothing of it leaks to whom it leads."""

from server.reply import header


def guards(policy: str) -> bytes:
    """Header lines; *policy* is the page's content security policy."""
    return (
        header("content-security-policy", policy)
        + header("x-content-type-options", "nosniff")
        + header("referrer-policy", "no-referrer")
        + header("x-frame-options", "DENY")
        + header("cross-origin-opener-policy", "same-origin")
    )
