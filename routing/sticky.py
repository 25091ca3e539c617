"""Whose calls belong together: a session by name, a user, a key, or those that begin alike."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from core.call import Call
from routing.rendezvous import mark

PREFIX: Final = 1024  # characters of a prompt that have to be alike; caches of providers begin at about as many tokens
_MOST_PARTS: Final = 16


def session(call: Call) -> str:
    """The conversation that *call* is part of, as far as the client says; empty where it doesn't."""
    body = call.body
    if call.wishes.session:
        return call.wishes.session
    metadata = body.get("metadata")
    named = metadata.get("session_id") if isinstance(metadata, Mapping) else None
    found = body.get("prompt_cache_key") or named or body.get("user")
    return found if isinstance(found, str) else ""


def prefix(call: Call) -> str:
    """How the prompt begins: what comes before the first message of the user, and that message; empty for no prompt."""
    body = call.body
    messages = body.get("messages")
    if isinstance(messages, list):
        text = "".join(islice(_beginning(messages), _MOST_PARTS))
    else:
        given = body.get("prompt") or body.get("input")
        text = given if isinstance(given, str) else repr(given) if given else ""
    return text[:PREFIX]


def conversation(call: Call, _caller: str) -> str:
    return session(call) or prefix(call)


def person(call: Call, caller: str) -> str:
    """Who asks: a session if one is named, the client's user, or *caller*, the name of the key."""
    user = call.wishes.session or call.body.get("safety_identifier") or call.body.get("user") or caller
    return user if isinstance(user, str) else caller


STICKING: Final[Mapping[str, Callable[[Call, str], str]]] = {"conversation": conversation, "person": person}


def sticky(kind: str, call: Call, caller: str) -> int:
    """For `Pick.sticky`, by a *kind* from STICKING. Nothing that was said can be read from it."""
    text = STICKING[kind](call, caller)
    return mark(text) if text else 0


def _beginning(messages: list[Any]) -> Iterator[str]:
    """Texts of the messages, up to the first of the user's."""
    for message in messages:
        if not isinstance(message, Mapping):
            return
        yield from _texts(message.get("content"))
        if message.get("role") == "user":
            return


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content[:PREFIX]
    elif isinstance(content, list):
        for part in content:
            text = part.get("text") if isinstance(part, Mapping) else None
            if isinstance(text, str):
                yield text[:PREFIX]
