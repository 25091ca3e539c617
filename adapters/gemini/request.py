"""A chat as Gemini's generateContent takes it."""

from collections.abc import Sequence
from urllib.parse import quote

import orjson

from adapters.fields import Fields, unsupported
from adapters.gemini.contents import Contents
from adapters.gemini.functions import Notes, declared, spelling, with_search
from adapters.gemini.generation import generation
from adapters.gemini.traits import Traits, traits
from adapters.tools import Offer, offer
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

CATEGORIES = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)
_TIERS = {"default": "standard", "flex": "flex", "priority": "priority"}


def chat(ask: Ask, safety: Sequence[Json]) -> tuple[Json, tuple[str, ...], Notes]:
    """The body, what was dropped, and what to know when the answer comes."""
    fields, kind, names = Fields(ask), traits(ask), spelling()
    # They serve caches and guesses, and change nothing about the answer.
    fields.ignore("prediction", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention")
    if fields.peek("store") is False:
        fields.ignore("store")
    offered = _offered(fields, kind)
    functions = declared(offered, names, kind)
    with_search(functions, fields, kind)
    contents = Contents(ask, fields, kind, names)
    body: Json = {"contents": contents.told()}
    if contents.system:
        body["systemInstruction"] = {"parts": contents.system}
    body |= functions
    if config := generation(fields, ask, kind):
        body["generationConfig"] = config
    if safety:
        body["safetySettings"] = safety
    if tier := _tier(fields):
        body["serviceTier"] = tier
    custom = frozenset(tool.name for tool in offered.tools if tool.custom)
    return body, fields.end(), Notes(names.changed, custom, ask.target.model)


def safety_of(threshold: str) -> list[Json]:
    """*threshold* for all categories that have one; nothing for none."""
    if not threshold:
        return []
    return [{"category": category, "threshold": threshold.upper()} for category in CATEGORIES]


def resource(model: str) -> str:
    """A model as Google names it, fit for a path: `models/gemini-3.8-flash`, `tunedModels/mine`."""
    kind, slash, name = model.partition("/")
    if not slash or kind not in {"models", "tunedModels"}:
        kind, name = "models", model
    return f"{kind}/{quote(name, safe='')}"


def written(body: Json) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise invalid("the request is nested too deeply") from error


def _offered(fields: Fields, kind: Traits) -> Offer:
    offered = offer(fields)
    if offered.parallel is False:
        fields.dropped("parallel_tool_calls")  # there is no switch for it
    wanted = fields.peek("response_format")
    if kind.second and offered.tools and wanted is not None and wanted.get("type") != "text":
        if offered.choice.mode != "none":
            raise unsupported("This model can't have tools beside a response_format.", param="response_format")
        return offered._replace(tools=())
    return offered


def _tier(fields: Fields) -> str | None:
    if fields.peek("service_tier") == "auto":
        fields.ignore("service_tier")
    tier = _TIERS.get(fields.peek("service_tier") or "")
    if tier is not None:
        fields.ignore("service_tier")
    return tier
