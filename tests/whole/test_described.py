"""What the document says is served, and what is served is in the document."""

import re

from admin.told.document import OPERATIONS, document
from core.version import VERSION

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
        pages, office = gateway.house._pages, gateway.house._office
        served = pages.places | office.desk.places

    described = set().union(*(patterns(method, path) for method, path in OPERATIONS))

    assert sorted(served) == sorted(described)
