"""The tools that a call offers, and how freely the model may choose among them."""

from collections.abc import Callable, Iterator
from hashlib import blake2s
from typing import Any, Literal, NamedTuple

from adapters.fields import Fields
from adapters.turns import mark_of
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

_NO_ARGUMENTS: Json = {"type": "object", "properties": {}}
_FREE_TEXT: Json = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}


class Tool(NamedTuple):
    """*custom*: it takes free text, which as a function is its one argument `input`. *mark*: see turns.Mark."""

    name: str
    description: str
    parameters: Json
    strict: bool
    custom: bool
    at: str
    mark: str | None = None


class Choice(NamedTuple):
    """*mode*: auto, none, required (some tool), or named (exactly that one). *names* narrows the tools down."""

    mode: Literal["auto", "none", "required", "named"]
    names: tuple[str, ...] = ()


class Offer(NamedTuple):
    """*parallel* is None where the client doesn't say."""

    tools: tuple[Tool, ...]
    choice: Choice
    parallel: bool | None

    @property
    def allowed(self) -> tuple[Tool, ...]:
        """The tools that may be called at all."""
        names = self.choice.names
        return tuple(tool for tool in self.tools if not names or tool.name in names)


def offer(fields: Fields) -> Offer:
    """Takes tools, functions, tool_choice, function_call and parallel_tool_calls out of *fields*."""
    modern, legacy = fields.take("tools") or [], fields.take("functions") or []
    tools = [*_tools(modern), *(_function(one, f"functions.{index}") for index, one in enumerate(legacy))]
    choice = _choice(fields.take("tool_choice"), fields.take("function_call"), has_tools=bool(tools))
    known = {tool.name for tool in tools}
    if unknown := next((name for name in choice.names if name not in known), None):
        raise invalid(f"'tool_choice' names '{unknown[:64]}', which is not among the tools.", param="tool_choice")
    parallel = fields.take("parallel_tool_calls")
    return Offer(tuple(tools), choice, parallel if tools else None)


def _tools(given: list[Json]) -> Iterator[Tool]:
    for index, tool in enumerate(given):
        at = f"tools.{index}"
        kind = tool.get("type", "function")
        if kind == "custom" and isinstance(custom := tool.get("custom"), dict):
            description = str(custom.get("description") or "")
            if isinstance(form := custom.get("format"), dict) and form.get("type") == "grammar":
                grammar = form.get("grammar")
                definition = (grammar if isinstance(grammar, dict) else form).get("definition", "")
                description = f"{description}\n\nInput must match this grammar:\n{definition}".strip()
            name = _name(custom, f"{at}.custom")
            yield Tool(name, description, _FREE_TEXT, strict=False, custom=True, at=at, mark=mark_of(tool))
        elif kind == "function" and isinstance(tool.get("function"), dict):
            function = tool["function"]
            yield _function(function, f"{at}.function")._replace(mark=mark_of(tool) or mark_of(function))
        else:
            raise invalid(f"Unknown type of tool: '{str(kind)[:64]}'.", param=f"{at}.type")


def _function(function: Json, at: str) -> Tool:
    parameters = function.get("parameters") or _NO_ARGUMENTS
    if not isinstance(parameters, dict):
        raise invalid("A tool's parameters must be a JSON schema.", param=f"{at}.parameters", code="invalid_type")
    description = function.get("description")
    description = description if isinstance(description, str) else ""
    strict = function.get("strict") is True
    return Tool(_name(function, at), description, parameters, strict=strict, custom=False, at=at)


def _name(owner: Json, at: str) -> str:
    name = owner.get("name")
    if not isinstance(name, str) or not name:
        raise invalid(f"Missing required parameter: '{at}.name'.", param=f"{at}.name")
    return name


def _choice(given: Any, legacy: Any, *, has_tools: bool) -> Choice:
    if given is None:
        given = {"type": "function", "function": legacy} if isinstance(legacy, dict) else legacy
    if not has_tools or given is None:
        return Choice("auto" if has_tools else "none")
    if isinstance(given, str):
        if given not in {"auto", "none", "required"}:
            raise invalid(f"Invalid value for 'tool_choice': '{given[:64]}'.", param="tool_choice")
        return Choice(given)  # type: ignore[arg-type]  # checked right above
    kind = given.get("type")
    if kind == "allowed_tools":
        allowed = given.get("allowed_tools")
        allowed = allowed if isinstance(allowed, dict) else given
        tools = allowed.get("tools")
        names = tuple(_chosen(tool) for tool in tools) if isinstance(tools, list) else ()
        if not names:
            # Nothing allowed would read as everything allowed.
            raise invalid("'allowed_tools' must name a tool.", param="tool_choice")
        return Choice("required" if allowed.get("mode") == "required" else "auto", names)
    return Choice("named", (_chosen(given),))


def _chosen(given: Any) -> str:
    """OpenAI nests the name in a member called like the type; some clients leave the nesting away."""
    name = None
    if isinstance(given, dict):
        inner = given.get("custom" if given.get("type") == "custom" else "function")
        name = (inner if isinstance(inner, dict) else given).get("name")
    if not isinstance(name, str) or not name:
        raise invalid("'tool_choice' must name a tool.", param="tool_choice")
    return name


def made_id(ask: Ask, number: int) -> str:
    """The id of a call whose provider gave it none: another one for each call of a conversation.

    A client may choose the gateway's id and use it again, but its messages grow from turn to turn.
    """
    seed = f"{ask.id}:{ask.created}:{len(ask.call.body.get('messages') or ())}:{number}"
    return "call_" + blake2s(seed.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Names:
    """Ids or names in the alphabet of a provider, and back: the same every time, and never two alike.

    *fits* says whether one can go out as it is. One that can't becomes at most *longest* characters of letters and
    digits, which depend on nothing but the name, so that a whole history keeps its ids. With a *stand_in* for
    characters that aren't in the alphabet, it stays readable where that gives a name that nobody else has.
    """

    __slots__ = ("_fits", "_longest", "_ours", "_stand_in", "_theirs")

    def __init__(self, fits: Callable[[str], bool], longest: int, *, stand_in: str = "") -> None:
        self._fits = fits
        self._longest = longest
        self._stand_in = stand_in
        self._theirs: dict[str, str] = {}
        self._ours: dict[str, str] = {}

    def theirs(self, name: str) -> str:
        known = self._theirs.get(name)
        if known is None:
            known = name if self._fits(name) and name not in self._ours else self._made(name)
            self._theirs[name] = known
            self._ours[known] = name
        return known

    def ours(self, name: str) -> str:
        """What the client calls it."""
        return self._ours.get(name, name)

    @property
    def changed(self) -> dict[str, str]:
        """The provider's spelling -> the client's, where they differ."""
        return {theirs: ours for ours, theirs in self._theirs.items() if ours != theirs}

    def _made(self, name: str) -> str:
        if self._stand_in:
            made = "".join([char if self._fits(char) else self._stand_in for char in name])
            if self._fits(made) and made not in self._ours:
                return made
        clean = "".join([char for char in name if char.isascii() and char.isalnum()])
        room = self._longest - 13
        salt = 0
        while True:
            digest = blake2s(f"{salt}:{name}".encode("utf-8", "surrogatepass")).hexdigest()
            made = f"t{clean[:room]}{digest[:12]}" if room > 0 else digest[: self._longest]
            if made not in self._ours:
                return made
            salt += 1
