"""The families of models behind Bedrock's one door, and in what Converse treats them differently."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from adapters.bedrock.claude import Claude, claude
from core.ask import Abilities

# Ids: `anthropic.claude-sonnet-5`, `us.anthropic.claude-sonnet-5` (an inference profile), and ARNs that end in one.
_VENDORS = (
    "ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen"
    "|stability|twelvelabs|writer|xai|zai"
)
_ID = re.compile(rf"(?:^|[./])({_VENDORS})\.([\w.:-]+)$")

Effort = Literal["none", "claude", "nova", "flat", "nested"]
Cache = Literal["everywhere", "content", "nowhere"]
EITHER = frozenset({"any", "tool"})
NEITHER: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """*forced* are the ways in which a model can be made to call tools, `any` among them if there are some.

    *structured*: it takes a schema for its answer. *cache* is where cache points may stand, *effort* how it is told to
    think, *top_k* where that goes among the model's own fields. *objects*: results of tools must be JSON objects.
    *status*: they may be marked as failed. *plain_schemas*: a tool's schema may only have type, properties and
    required at its top. *audio*: it may hear.
    """

    forced: frozenset[str] = NEITHER
    structured: bool = False
    cache: Cache = "nowhere"
    effort: Effort = "none"
    top_k: tuple[str, ...] = ()
    objects: bool = False
    status: bool = False
    plain_schemas: bool = False
    audio: bool = True
    claude: Claude | None = None


# A model that nobody can read from its id, such as a profile of the customer's own, gets what the client said.
UNKNOWN = Family(forced=EITHER, structured=True, cache="everywhere", status=True)
_CLAUDE = Family(cache="everywhere", effort="claude", top_k=("top_k",), status=True, audio=False)
_NOVA = Family(forced=EITHER, cache="content", top_k=("inferenceConfig", "topK"), status=True, plain_schemas=True)
_OPEN = Family(forced=NEITHER, structured=True)

# The first beginning that fits decides.
_FAMILIES: Mapping[str, tuple[tuple[str, Family], ...]] = {
    "amazon": (("nova-2", replace(_NOVA, effort="nova")), ("nova", _NOVA), ("", Family())),
    "cohere": (("", Family(top_k=("k",))),),
    "deepseek": (
        ("r1", Family()),
        ("v3-v1", replace(_OPEN, forced=frozenset({"any"}))),
        ("", replace(_OPEN, forced=EITHER)),
    ),
    "meta": (("", Family()),),
    "mistral": (
        ("mistral-large", Family(forced=frozenset({"any"}), structured=True, objects=True, top_k=("top_k",))),
        ("", Family(structured=True, objects=True, top_k=("top_k",))),
    ),
    "moonshot": (("", replace(_OPEN, effort="flat")),),
    "moonshotai": (("", replace(_OPEN, effort="flat")),),
    "openai": (("gpt-oss", replace(_OPEN, effort="flat")), ("", replace(_OPEN, forced=EITHER, effort="nested"))),
    **dict.fromkeys(("google", "minimax", "nvidia", "qwen"), (("", _OPEN),)),
}


def family(model: str, abilities: Abilities) -> Family:
    """Of a model id as Bedrock knows it. What the operator says of the model (*abilities*) wins."""
    return _known(model, frozenset(abilities.flags.items()))


@lru_cache(maxsize=1024)  # clients may make names up
def _known(model: str, flags: frozenset[tuple[str, object]]) -> Family:
    return _told_of(model, Abilities(flags=dict(flags)))


def _told_of(model: str, abilities: Abilities) -> Family:
    found = _ID.search(model)
    if found is None:
        return _told(UNKNOWN, abilities)
    vendor, name = found.groups()
    if vendor == "anthropic":
        kind = claude(name, abilities)
        return replace(_CLAUDE, forced=EITHER if kind.forced else NEITHER, structured=kind.structured, claude=kind)
    rows = _FAMILIES.get(vendor, (("", Family()),))
    return _told(next(known for start, known in rows if name.startswith(start)), abilities)


def _told(known: Family, abilities: Abilities) -> Family:
    structured = abilities.allows("native_structured_output", unknown=known.structured)
    forced = abilities.allows("forced_tool_choice", unknown=bool(known.forced))
    if structured == known.structured and forced == bool(known.forced):
        return known
    return replace(known, structured=structured, forced=(known.forced or EITHER) if forced else NEITHER)
