"""The document as the tests want it: with what there is beside what there might be, and nothing left open."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from admin.shapes.words import NAME
from admin.told.document import document
from core.version import VERSION

# What is there in the gateway of these tests, by name of the parameter or field.
THERE = {
    "name": ["carol"],
    "id": ["call-1", "call-2", "smart", "covert", "demo/echo"],
    "ids": ["demo/echo", "demo/echo,rival/echo"],
    "task": ["vision", "chat"],
    "capability": ["tools"],
    "provider": ["demo"],
    "max_cost": ["2.5"],
    "kinds": ["call"],
    "route": ["tried", "smart"],
    "key": ["alice", "carol"],
    "team": ["research"],
    "target": ["demo/echo"],
    "since": ["2026-01-01"],
    "zone": ["Europe/Berlin"],
    "workspace": ["research", "tag/nightly"],
}
MODELS = ["smart", "tried", "lost"]
CALLS = ("ChatCall", "CompletionCall", "EmbeddingCall")
BRIEF = (
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "n",
    "tools",
    "response_format",
    "routing",
    "cache",
)
ECHOED = {"Document", "Budget", "Limits", "Allowance"}  # what is answered as it was sent


def pointed() -> dict[str, Any]:
    whole = orjson.loads(orjson.dumps(document(VERSION)))
    shapes = whole["components"]["schemas"]
    for operation in operations(whole):
        for parameter in operation.get("parameters", ()):
            there = THERE.get(parameter["name"], ())
            if there:
                parameter["schema"] = among(*there, otherwise=parameter["schema"])
                if parameter["in"] == "path":
                    parameter["example"] = there[0]
    for name in CALLS:
        shapes[name]["properties"]["model"] = among(*MODELS)
    # What is read by the parser of chat calls needn't be tried with every field at each place.
    chat = shapes["ChatCall"]
    plain = shapes["PlainCall"]["properties"]
    for name in plain.keys() - {"prompt", "model", "provider", "maxTokens", "max_cost", "prefer", "cost_constraints"}:
        del plain[name]
    plain["model"] = among(*MODELS)
    shapes["BriefCall"] = {**chat, "properties": {name: chat["properties"][name] for name in BRIEF}}
    for path in ("/api/v1/estimate", "/api/v1/explain"):
        content = whole["paths"][path]["post"]["requestBody"]["content"]
        content["application/json"]["schema"] = {"$ref": "#/components/schemas/BriefCall"}
    for path in whole["paths"].values():
        # Any text is CSV, so that none of it can be wrong.
        path.get("post", {}).get("requestBody", {}).get("content", {}).pop("text/csv", None)
    whole["paths"]["/models/{id}"]["get"]["parameters"][0]["example"] = "smart"
    whole["paths"]["/api/v1/models/{id}"]["get"]["parameters"][0]["example"] = "demo/echo"
    whole["paths"]["/api/v1/models/compare"]["get"]["parameters"][0]["example"] = "demo/echo,rival/echo"
    # What is taken out by hand is none that the others call.
    for name in ("bench", "unbench"):
        moved = whole["paths"][f"/api/v1/targets/{{id}}/{name}"]["post"]["parameters"][0]
        moved |= {"schema": among("demo/limited"), "example": "demo/limited"}
    whole["paths"]["/api/v1/feedback"]["post"]["requestBody"]["content"]["application/json"]["example"]["id"] = "call-1"
    # What is revoked is gone for all the others.
    revoked = whole["paths"]["/api/v1/keys/{name}"]["delete"]["parameters"][0]
    revoked |= {"schema": among("gone"), "example": "gone"}
    for name in answered(whole) - ECHOED:
        shapes[name] = strict(shapes[name])
    return whole


def among(*there: str, otherwise: Mapping[str, Any] = NAME) -> dict[str, Any]:
    """What is there, or anything else."""
    return {"anyOf": [{"enum": list(there)}, otherwise]}


def operations(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in whole["paths"].values():
        yield from (each for each in path.values() if isinstance(each, dict))


def answered(whole: dict[str, Any]) -> set[str]:
    """The names of all schemas that answers are made of."""
    found: set[str] = set()
    left: list[Any] = [operation["responses"] for operation in operations(whole)]
    while left:
        one = left.pop()
        left.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        name = str(one.get("$ref", "")).rpartition("/")[2] if isinstance(one, dict) else ""
        if name and name not in found:
            found.add(name)
            left.append(whole["components"]["schemas"][name])
    return found


def strict(schema: Any) -> Any:
    """With no fields but those that are named."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: strict(each) for name, each in schema.items()}
    if "properties" in schema and "object" in schema.get("type", ()):
        inner.setdefault("additionalProperties", False)
    return inner
