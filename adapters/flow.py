"""Events that only go on with what was said: how they look, to the letter, and the string that each of them adds.

Nearly all events of a stream differ from the one before in one string, and in what nobody needs: numbers, a time,
padding. A flow is a pattern for such events. They are told without being parsed: the string is copied as it stands,
which is right where it is spelt as we would spell it ourselves. What is spelt in another way is no part of a flow.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import orjson

Flow = re.Pattern[bytes]  # of one event; its first group is the string
Match = re.Match[bytes]

# The text of a JSON string, never empty: UTF-8, nothing escaped that needn't be, and never as \u.... What follows it is
# a quote, so that there is but one way to match it. Possessive are sets of bytes only: Python 3.11.2, which Debian 12
# has, mistakes what may go back inside of a possessive group.
_UTF8: Final = (
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_PLAIN: Final = rb"[ !#-\[\]-\x7f]*+"
NUMBER: Final = rb"(?:0|[1-9][0-9]{0,15}+)"
_HOLES: Final = {
    "<text>": rb'(?!")(%b(?:(?:\\["\\bfnrt]|%b)%b)*)' % (_PLAIN, _UTF8, _PLAIN),
    "<word>": rb"[ !#-\[\]-~]*+",
    "<number>": NUMBER,
    "<blanks>": rb" *+",
}
_HOLE: Final = re.compile("(<[a-z]+>)")
_MARK: Final = "\ue000"  # nothing of ours is spelt with it, and what others have told stands before it


def flow(event: str, **more: bytes) -> Flow:
    """Of events such as *event*: in its holes stand <text>, once, and any <word>, <number> or <blanks>.

    *more* are other holes, and the patterns of what stands in them.
    """
    holes = _HOLES | {f"<{name}>": pattern for name, pattern in more.items()}
    parts = _HOLE.split(event)
    return re.compile(b"".join([holes[part] if part in holes else re.escape(part.encode()) for part in parts]))


class Row(NamedTuple):
    """Chunks that differ in one string: what stands before it, after it, and between the strings of two neighbours."""

    before: bytes
    after: bytes
    joint: bytes

    def of(self, strings: list[bytes]) -> bytes:
        return b"".join((self.before, self.joint.join(strings), self.after))


def row(write: Callable[[str], bytes]) -> Row:
    """Of chunks as *write* makes them."""
    before, _, after = write(_MARK).rpartition(_MARK.encode())
    return Row(before, after, after + before)


def spelt(text: str) -> bytes:
    """As it stands in a JSON string, without the quotes."""
    return orjson.dumps(text)[1:-1]


def read(strings: list[bytes]) -> str:
    """The text that *strings* have together."""
    text: str = orjson.loads(b'"%b"' % b"".join(strings))
    return text
