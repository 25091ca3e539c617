"""What a provider says, made fit to be shown: short, printable, without URLs and without anything like a key."""

import re

from core.secret import MASK, PREFIXES

LONGEST = 500

_LOOKED_AT = 4 * LONGEST
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
# Bounded repetitions throughout: the text is a stranger's.
_SECRETS = re.compile(
    r"\b(?:https?|wss?)://\S+"
    r"|\b[Bb]earer\s+\S+"
    rf"|\b(?:{PREFIXES})[-_][\w*.-]{{4,}}"
    r"|\bAIza[\w-]{8,}"
    r"|[\w-]{0,12}\*{3,}[\w*-]{0,12}"  # keys that somebody has masked only in part
    r"|\b(?=[A-Za-z]*\d)[A-Za-z0-9]{25,}\b"  # hex and the like; plain long words have no digits
    r"|(?<![\w+/-])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])[\w+/-]{32,}={0,2}",
)


def clean(text: str) -> str:
    """At most 500 characters of *text*, with *** in place of secrets and URLs."""
    line = _CONTROLS.sub(" ", text[:_LOOKED_AT]).strip()
    return _SECRETS.sub(MASK, line)[:LONGEST]
