"""A string that must never be seen: not in logs, not in errors, not in a repr."""

from typing import Final, final

MASK: Final = "***"
PREFIXES: Final = "sk|pk|rk|gsk|xai|csk|fw|hf|pplx|tgp|nvapi"  # of keys as providers make them; a part of a pattern


@final
class Secret:
    """Holds a credential. Only *reveal* gives it out; everything else shows a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not to be written anywhere")
