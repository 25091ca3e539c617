"""Everything that is served as an OpenAPI 3.1 document, put together from what is told of each operation."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from admin.sessions import COOKIE
from admin.shapes import caching as caching_shapes
from admin.shapes import calls as call_shapes
from admin.shapes import doors as door_shapes
from admin.shapes import errors as error_shapes
from admin.shapes import keys as key_shapes
from admin.shapes import models as model_shapes
from admin.shapes import money as money_shapes
from admin.shapes import openai as openai_shapes
from admin.shapes import plain as plain_shapes
from admin.shapes import routing as routing_shapes
from admin.shapes import state as state_shapes
from admin.shapes.words import Schema, named
from admin.told import caching, calls, doors, keys, models, money, openai, plain, routing, state
from admin.told.everything import OPERATIONS
from admin.told.operation import ANYBODY, JSON, MEANINGS, OPERATOR, Bodies, Operation, Parameter

SHAPES: Final[Mapping[str, Schema]] = {
    **error_shapes.SHAPES,
    **openai_shapes.SHAPES,
    **plain_shapes.SHAPES,
    **routing_shapes.SHAPES,
    **state_shapes.SHAPES,
    **model_shapes.SHAPES,
    **money_shapes.SHAPES,
    **caching_shapes.SHAPES,
    **call_shapes.SHAPES,
    **key_shapes.SHAPES,
    **door_shapes.SHAPES,
}
TAGS: Final[Mapping[str, str]] = {
    openai.TAG: "What OpenAI's clients ask, served with and without `/v1` in front.",
    plain.TAG: "One flat object of options, and an answer without a frame around it.",
    state.TAG: "How the gateway is, and what it says of itself.",
    routing.TAG: "Targets, routes, the configuration, and whether everything is there.",
    models.TAG: "What there is to choose from, and what happens to calls.",
    money.TAG: "What was spent, what will be, and what a call would cost.",
    calls.TAG: "Calls that are over, calls that might be made, opinions of answers, canaries.",
    caching.TAG: "Answers that are kept.",
    keys.TAG: "Keys that are made, changed and revoked at run time.",
    doors.GRAPHQL: "Models, health, money and completions as a graph, by one document for each question.",
    doors.DASHBOARD: "The operators' page and its sessions.",
}
ABOUT: Final = (
    "An OpenAI-compatible gateway. Every refusal is OpenAI's error object, whose `param` names what is wrong. Pages "
    "that answer GET answer HEAD, too. What isn't served is 404, a method that isn't is 405 with `allow`."
)
SCHEMES: Final[Mapping[str, Any]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "a client's key, where there are any"},
    "admin": {"type": "http", "scheme": "bearer", "description": "the admin key"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "a session of the dashboard; all that changes something needs its token in `x-csrf-token`, too",
    },
}
SESSIONS: Final = ("/api/v1", "/graphql")  # below which a session opens what the admin key does


def document(version: str) -> dict[str, Any]:
    """As JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        place = paths.setdefault(path, _servers(operation))
        place[method.lower()] = _told(method, path, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Switchyard", "version": version, "description": ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "components": {"securitySchemes": SCHEMES, "schemas": SHAPES},
    }


def _servers(operation: Operation) -> dict[str, Any]:
    """The usual one first."""
    if not operation.everywhere:
        return {}
    places = [{"url": "/v1"}, {"url": "/"}]
    return {"servers": places if operation.tag == openai.TAG else places[::-1]}


def _told(method: str, path: str, operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _id(method, path),
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": _security(path, operation),
        "responses": _responses(operation),
    }
    if operation.more:
        told["description"] = operation.more
    if operation.parameters:
        told["parameters"] = [_parameter(each) for each in operation.parameters]
    if operation.sent:
        told["requestBody"] = {"required": operation.body_needed, "content": _content(operation.sent)}
        if operation.example is not None:
            told["requestBody"]["content"][JSON]["example"] = operation.example
    return told


def _id(method: str, path: str) -> str:
    """`get_api_v1_keys_name`, or `get_dashboard_index`"""
    page = f"{path}index" if path.endswith("/") else path
    return re.sub(r"\W+", "_", f"{method.lower()}{page}").strip("_")


def _security(path: str, operation: Operation) -> list[dict[str, list[str]]]:
    if operation.open_to == ANYBODY:
        return []
    names = [*(() if operation.open_to == OPERATOR else ("key",)), "admin"]
    return [{name: []} for name in (*names, *(("session",) if path.startswith(SESSIONS) else ()))]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.about,
        "schema": parameter.schema,
    }


def _responses(operation: Operation) -> dict[str, Any]:
    return dict(sorted(_answers(operation)))


def _answers(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    yield _answer(operation.status, operation.good)
    for status in operation.refusals:
        yield _answer(status, {JSON: named("Error"), **operation.besides.get(status, {})})
    for status, schema in operation.also.items():
        yield _answer(status, {JSON: schema})
    for status in operation.bare:
        yield _answer(status, {})


def _answer(status: int, bodies: Bodies) -> tuple[str, dict[str, Any]]:
    content = {"content": _content(bodies)} if bodies else {}
    return str(status), {"description": MEANINGS[status], **content}


def _content(bodies: Bodies) -> dict[str, Any]:
    return {kind: {"schema": schema} for kind, schema in bodies.items()}
