"""What the document says, held against what is really answered, for requests that nobody would think of."""

from copy import deepcopy

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import ProjectConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from admin.told.document import document
from core.version import VERSION
from tests.described.conftest import ADMIN, ALICE

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    allow_header_conformance,
]
KNOWN = {
    "name": ["carol"],
    "id": ["call-1", "call-2", "m"],
    "route": ["tried", "m"],
    "key": ["alice", "carol"],
    "team": ["research"],
    "target": ["demo/echo"],
    "since": ["2026-01-01"],
    "zone": ["Europe/Berlin"],
}
BODIES = {"model": ["m", "tried", "lost"]}
CLOSED = {"type": "object", "additionalProperties": False}


def known(words, schema):
    return {"anyOf": [{"enum": words}, schema]}


def pointed():
    """The document, with what there is beside what there might be, and answers with no field that isn't described."""
    whole = orjson.loads(orjson.dumps(document(VERSION)))
    for path in whole["paths"].values():
        for operation in (each for each in path.values() if isinstance(each, dict)):
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in KNOWN:
                    parameter["schema"] = known(KNOWN[parameter["name"]], parameter["schema"])
    shapes = whole["components"]["schemas"]
    for name in ("ChatCall", "CompletionCall", "EmbeddingCall"):
        shapes[name]["properties"]["model"] = known(BODIES["model"], shapes[name]["properties"]["model"])
    whole["paths"]["/api/v1/keys/import"]["post"]["requestBody"]["content"]["text/csv"]["schema"] = {}
    for name in answered(whole):
        shapes[name] = strict(shapes[name])
    return whole


def answered(whole):
    """The names of all schemas that answers are made of."""
    found = set()
    left = [
        answer
        for path in whole["paths"].values()
        for operation in path.values()
        if "responses" in operation
        for answer in operation["responses"].values()
    ]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            name = str(one.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                left.append(whole["components"]["schemas"][name])
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return found - {"Document", "Budget", "Limits", "Allowance"}


def strict(schema):
    """Without fields that aren't named."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: strict(each) for name, each in schema.items()}
    if "properties" in schema and schema.get("type") in ("object", ["object", "null"]):
        inner.setdefault("additionalProperties", False)
    return inner


CONFIG = SchemathesisConfig(projects=None)
SCHEMA = schemathesis.openapi.from_dict(pointed())
SCHEMA.config.generation.deterministic = True
SCHEMA.config._seed = 7
FEW = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@SCHEMA.parametrize()
@FEW
def test_the_operator(case, served):
    case.call_and_validate(base_url=served, headers={"authorization": f"Bearer {ADMIN}"}, checks=CHECKS)
