"""What the document says is served, and what is served is in the document."""

import re
import tomllib
from pathlib import Path

import orjson
import pytest

from admin.shapes import caching as caching_shapes
from admin.shapes import openai as openai_shapes
from admin.shapes import plain as plain_shapes
from admin.told.document import document
from admin.told.everything import OPERATIONS
from api import caching, chat, completions, embeddings, plain, wishes
from core.faults import Fault
from core.version import VERSION

HOME = Path(__file__).resolve().parent.parent.parent
DOCUMENT = document(VERSION)
ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
CONFIG = """
admin: {key: the-key-of-the-operator}
providers: {demo: {dialect: demo}}
routes: {m: demo/echo}
keys: {alice: {key: the-key-of-alice}}
"""


def patterns(method, path):
    """As pages are looked up, wherever that is."""
    bare = re.sub(r"{\w+}", "{}", path)
    servers = DOCUMENT["paths"][path].get("servers", [{"url": "/"}])
    return {(method, f"{server['url'].rstrip('/')}{bare}") for server in servers}


async def test_everything_that_is_served_is_described_and_nothing_else(start):
    async with start(CONFIG) as gateway:
        served = gateway.house._pages.places

    described = set().union(*(patterns(method, path) for method, path in OPERATIONS))

    assert sorted(served) == sorted(described)


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        (chat.FIELDS, openai_shapes.CHAT),
        (completions.FIELDS, openai_shapes.SHAPES["CompletionCall"]["properties"]),
        (embeddings.FIELDS, openai_shapes.SHAPES["EmbeddingCall"]["properties"]),
        (dict.fromkeys(plain.NAMES), plain_shapes.WISH),
        (caching.FIELDS, caching_shapes.SHAPES["CacheWish"]["properties"]),
        (wishes.FIELDS, openai_shapes.SHAPES["Routing"]["properties"]),
    ],
    ids=["chat", "completions", "embeddings", "plain", "cache", "routing"],
)
def test_every_field_that_is_read_is_described(fields, shape):
    assert sorted(fields) == sorted(
        name for name in shape if name not in {"model", "prompt", "input"} or name in fields
    )


def test_every_status_that_a_call_can_end_with_is_described():
    statuses = {fault.status for fault in Fault} - {499}

    told = DOCUMENT["paths"]["/chat/completions"]["post"]["responses"]

    assert {str(status) for status in statuses} <= told.keys()


def test_every_name_of_a_schema_is_there_and_used():
    text = orjson.dumps(DOCUMENT).decode()
    used = set(re.findall(r'"#/components/schemas/(\w+)"', text))

    assert used == set(DOCUMENT["components"]["schemas"])


def test_every_operation_has_a_name_of_its_own():
    names = [
        operation["operationId"]
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
    ]

    assert len(OPERATIONS) == len(set(names))


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((HOME / "pyproject.toml").read_text())

    assert VERSION == project["project"]["version"]


async def test_the_document_is_for_those_who_may_call(start):
    async with start(CONFIG) as gateway:
        nobody, alice, operator = [await gateway.get("/api/v1/openapi.json", **who) for who in ({}, ALICE, ADMIN)]
        front = await gateway.get("/api/v1", **ALICE)

    assert [401, 200, 200] == [each.status for each in (nobody, alice, operator)]
    assert orjson.loads(orjson.dumps(DOCUMENT)) == alice.body == operator.body
    assert {"object": "api", "openapi": "/api/v1/openapi.json", "docs": "/api/v1/docs"} == front.body


async def test_where_there_are_no_keys_everyone_may_read_it(start):
    async with start("providers: {demo: {dialect: demo}}\nroutes: {m: demo/echo}\n") as gateway:
        answer = await gateway.get("/api/v1/openapi.json")

    assert (200, "3.1.0") == (answer.status, answer.body["openapi"])
