"""What nobody but a provider and this gateway may know, kept out of what that provider says of a failure.

`adapters.clean` sees by its form what is probably a key; here the values themselves are known, so that no form is
needed. Providers quote keys in part, encoded, or cut off, which is why stretches of a value count, not only all of it.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from core.faults import Failure
from core.secret import MASK
from core.target import Provider

SHORTEST: Final = 6  # characters; anything shorter would be found in ordinary words
STRETCH: Final = 8  # characters in a row of a longer one that are no coincidence

# Of what an operator adds to requests all may be a credential, but for what says how to talk and who asks.
_PUBLIC: Final = frozenset({
    "accept", "accept-encoding", "accept-language", "anthropic-beta", "anthropic-version", "api-version",
    "content-type", "http-referer", "openai-beta", "referer", "user-agent", "x-title",
})  # fmt: skip
_HARMLESS: Final = re.compile(
    r"(?:application|audio|image|multipart|text|video)/[\w.+-]{1,64}(?:;.*)?"
    r"|v?\d{1,4}(?:[.-]\d{1,4}){0,3}(?:-(?:alpha|beta|preview)\d*)?",
    re.IGNORECASE,
)
_BASIC: Final = re.compile(r"basic +([a-z0-9+/]+={0,2})", re.IGNORECASE)
# Part of an address's path that says where something is: words and versions, as in Mistral-7B-Instruct-v0.2.
_PLACE: Final = re.compile(
    r"(?:(?:[A-Za-z]?[a-z]{1,16}\d{0,2}|[A-Z]{1,16}|v?\d{1,4}(?:[A-Za-z]{0,3}|(?:alpha|beta)\d{0,2}))(?:[-_.~:+]|$))+"
)
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}  # of another length nothing becomes
_FOR_URLS: Final = str.maketrans("+/", "-_")
_SHARED: Final = (0, 2, 3)  # characters of base64 that also say something of so many bytes before


class Discretion:
    """Of one provider. What it looks for is made when something fails for the first time."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def kept(self, failure: Failure) -> Failure:
        """*failure* with *** in place of secrets in its message, and without codes that hold one."""
        message = self.masked(failure.message)
        code, type, param = (self._unless_secret(name) for name in (failure.code, failure.type, failure.param))
        if (message, code, type, param) == (failure.message, failure.code, failure.type, failure.param):
            return failure
        return replace(failure, message=message, code=code, type=type, param=param)

    def masked(self, text: str) -> str:
        """*text* with *** in place of each stretch of a secret."""
        low = text.translate(_LOWER)
        secret = bytearray(len(low))
        for size, stretches in self._stretches.items():
            for at in range(len(low) - size + 1):
                if low[at : at + size] in stretches:
                    secret[at : at + size] = b"\x01" * size
        parts, end = [], 0
        for run in re.finditer(b"\x01+", secret):
            parts += [text[end : run.start()], MASK]
            end = run.end()
        return "".join((*parts, text[end:]))

    def _unless_secret(self, name: str | None) -> str | None:
        return name if name is None or self.masked(name) == name else None

    @cached_property
    def _stretches(self) -> dict[int, set[str]]:
        """All that gives a secret away, in lower case, by its length."""
        found: dict[int, set[str]] = {}
        for secret in _secrets(self._provider):
            for spelt in _spellings(secret):
                size = min(STRETCH, len(spelt))
                low = spelt.translate(_LOWER)
                found.setdefault(size, set()).update(low[at : at + size] for at in range(len(low) - size + 1))
        return found


def _secrets(provider: Provider) -> Iterator[str]:
    """A key of AWS is one text with the secret and the token in it. An address holds no password (config.providers),
    but a machine of one's own may be hidden behind a path that nobody guesses.
    """
    values = [key.reveal() for key in provider.keys]
    values += [value for name, value in provider.options.items() if name.endswith("_key")]
    for name, value in provider.headers.items():
        if name.lower() not in _PUBLIC and _HARMLESS.fullmatch(value) is None:
            values += [value, *_inside(value)]
    for part in urlsplit(provider.base_url).path.split("/"):
        if _PLACE.fullmatch(unquote(part)) is None:
            values += [part, unquote(part)]
    return (value for value in values if len(value) >= SHORTEST)


def _inside(value: str) -> Iterator[str]:
    """User and password, where that is what a header says."""
    if basic := _BASIC.fullmatch(value):
        try:
            yield base64.b64decode(basic[1] + "==").decode("utf-8", "replace")
        except ValueError:
            return  # it says something else


def _spellings(secret: str) -> Iterator[str]:
    """As it is, as it is in addresses, and in base64 with whatever before it and behind it."""
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    for before, shared in enumerate(_SHARED):
        raw = b"\0" * before + secret.encode()
        spelt = base64.b64encode(raw).decode()[shared : len(raw) * 8 // 6]
        yield spelt
        yield spelt.translate(_FOR_URLS)
