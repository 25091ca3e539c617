"""The document as the tests want it: with what there is beside what there might be, and nothing left open."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from admin.shapes.words import NAME, TEXT
from admin.told.document import document
from core.version import VERSION
from tests.process.running import ADMIN

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
    "file": ["index.html", "app.js", "inter/inter-latin-wght-normal.woff2"],
}
DOCUMENTS = [
    "{ models { id } }",
    "{ health { status } }",
    "query Usage($key: String) { usage(key: $key) { key } }",
    "{ targets { target } costs { total } }",
    'mutation { complete(input: {model: "smart", prompt: "hi"}) { content cost } }',
    'subscription { completionStream(input: {model: "smart", prompt: "hi"}) { content done } }',
]
MODELS = ["smart", "tried", "lost"]
CALLS = ("ChatCall", "CompletionCall", "EmbeddingCall", "PlainCall")
ALWAYS = {"model", "messages", "prompt", "input", "stream", "routing", "cache"}
BRIEF = ("model", "messages", "routing")  # where calls are read by the parser of chat calls, once more
ECHOED = {"Document", "Budget", "Limits", "Allowance"}  # what is answered as it was sent


def pointed() -> dict[str, Any]:
    whole = orjson.loads(orjson.dumps(document(VERSION)))
    shapes, paths = whole["components"]["schemas"], whole["paths"]
    for operation in operations(whole):
        for parameter in operation.get("parameters", ()):
            point(parameter, *THERE.get(parameter["name"], ()))
    for name in CALLS:
        shapes[name]["properties"] = {**varied(shapes[name]["properties"]), "model": among(*MODELS)}
    brief = {name: shapes["ChatCall"]["properties"][name] for name in BRIEF}
    shapes["BriefCall"] = {**shapes["ChatCall"], "properties": brief}
    for path in ("/api/v1/estimate", "/api/v1/explain"):
        content = paths[path]["post"]["requestBody"]["content"]
        content["application/json"]["schema"] = {"$ref": "#/components/schemas/BriefCall"}
    shapes["GraphOperation"]["properties"]["query"] = among(*DOCUMENTS, otherwise=TEXT)
    # Five wrong keys, and for a while the right one isn't looked at either.
    shapes["Login"]["properties"]["key"] = {"enum": [ADMIN]}
    paths["/dashboard/login"]["post"]["requestBody"]["content"]["application/json"]["example"] = {"key": ADMIN}
    # Any text is CSV, so that none of it can be wrong.
    del paths["/api/v1/keys/import"]["post"]["requestBody"]["content"]["text/csv"]
    keep_apart(paths)
    for name in answered(whole) - ECHOED:
        shapes[name] = strict(shapes[name])
    return whole


def point(parameter: dict[str, Any], *there: str) -> None:
    if there:
        parameter["schema"] = among(*there, otherwise=parameter["schema"])
    if there and parameter["in"] == "path":
        parameter["example"] = there[0]


def keep_apart(paths: dict[str, Any]) -> None:
    """What one operation takes away is none that another needs."""
    for path, method, there in (
        ("/models/{id}", "get", "smart"),
        ("/api/v1/models/{id}", "get", "demo/echo"),
        ("/api/v1/models/compare", "get", "demo/echo,rival/echo"),
        ("/api/v1/targets/{id}/bench", "post", "demo/limited"),
        ("/api/v1/targets/{id}/unbench", "post", "demo/limited"),
        ("/api/v1/keys/{name}", "delete", "gone"),
    ):
        parameter = paths[path][method]["parameters"][0]
        parameter |= {"schema": among(there), "example": there}
    paths["/api/v1/feedback"]["post"]["requestBody"]["content"]["application/json"]["example"]["id"] = "call-1"


def varied(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Of fields that are alike, one."""
    first: dict[bytes, str] = {}
    for name, schema in properties.items():
        first.setdefault(orjson.dumps({**schema, "description": ""}), name)
    return {name: schema for name, schema in properties.items() if name in ALWAYS or name in first.values()}


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
