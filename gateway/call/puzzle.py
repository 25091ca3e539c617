"""Errors of providers that nothing but their status explained: noted, so that somebody can teach us what they mean."""

import re
from typing import Final

import orjson

from core.call import Call
from core.faults import Failure
from core.target import Target
from gateway.generation import Shared

# Providers quote what they don't like, and that is the client's.
_QUOTED: Final = re.compile(r"""(["'`])(?:(?!\1).)+?\1""")
_GIVEN: Final = re.compile(r":\s.+")  # what is wrong stands before a colon, and what it is wrong with behind it
_RUN: Final = 24  # characters in a row that the client wrote as well are no coincidence


def puzzled(shared: Shared, target: Target, failure: Failure, call: Call) -> None:
    """Count *failure*, and say in the log what the provider said, but for what may be the client's own words."""
    shared.meters.counter("switchyard_unclassified_errors_total", target.provider, str(failure.status)).value += 1
    shared.scribe.event(
        "warning",
        "provider's error not understood",
        target=target.id,
        status=failure.status,
        code=failure.code,
        type=failure.type,
        said=bare(failure.message, call),
    )


def bare(message: str, call: Call) -> str:
    """*message* without quotations and what a colon leads to; nothing if it holds a piece of what the client wrote."""
    text = _GIVEN.sub(": ...", _QUOTED.sub(r"\1...\1", message))
    try:
        written = orjson.dumps(call.body).decode()
    except (orjson.JSONEncodeError, UnicodeDecodeError):
        return ""
    runs = (text[at : at + _RUN] for at in range(max(1, len(text) - _RUN + 1)))
    return "" if any(len(run) == _RUN and run in written for run in runs) else text
