"""What somebody wants the demo to do: by the model's name, or by `[[directives]]` in the last message."""

import re
from typing import Any, NamedTuple

from core.wire import Json

MODELS = ("echo", "slow", "fails", "limited", "broken", "hangs", "refuses")

_DIRECTIVE = re.compile(r"\[\[ ?(slow|pace|fail|break|words) ?([\d.]{0,12}) ?(ms|s)? ?\]\]")
_MOST_WORDS = 4_096
_LONGEST = 3600.0


class Wish(NamedTuple):
    """*slow*: seconds before the first word, *pace*: between words. *status* other than 200 is an error."""

    slow: float = 0.0
    pace: float = 0.0
    status: int = 200
    breaks: bool = False
    words: int | None = None


_BY_MODEL = {
    "slow": Wish(slow=2.0, pace=0.1),
    "fails": Wish(status=503),
    "limited": Wish(status=429),
    "broken": Wish(breaks=True),
    "refuses": Wish(status=400),
}


def wish(model: str, text: str) -> Wish:
    found = _BY_MODEL.get(model, Wish())
    for name, digits, unit in _DIRECTIVE.findall(text):
        amount = _amount(digits)
        seconds = min(amount / (1000 if unit == "ms" else 1), _LONGEST)
        match name:
            case "slow":
                found = found._replace(slow=seconds)
            case "pace":
                found = found._replace(pace=seconds)
            case "fail":
                found = found._replace(status=int(amount) if 400 <= amount < 600 else 503)
            case "words":
                found = found._replace(words=min(int(amount), _MOST_WORDS))
            case _:
                found = found._replace(breaks=True)
    return found


def without_directives(text: str) -> str:
    return _DIRECTIVE.sub("", text).strip()


def said(content: Any) -> str:
    """The text of a message's content, of a prompt or of an input."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(
            filter(None, (said(part.get("text")) if isinstance(part, dict) else said(part) for part in content))
        )
    return "" if content is None else str(content)


def last_said(body: Json) -> str:
    """What the last message of the user says, or the prompt."""
    for message in reversed(body.get("messages") or ()):
        if message.get("role") == "user":
            return said(message.get("content"))
    return said(body.get("prompt", ""))


def _amount(digits: str) -> float:
    try:
        return float(digits)
    except ValueError:
        return 0.0
