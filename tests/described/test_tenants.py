"""What a client's key is told by each operation of the document: what is its own, and nothing else."""

import re

import pytest
import requests

from admin.told.document import document
from admin.told.everything import OPERATIONS
from core.version import VERSION
from tests.described.conftest import ADMIN, ALICE

# All that there is of somebody else; none of it stands in what alice asks.
OTHERS = re.compile(r"bob|rival|covert|call-2|carol|dora")
SECRETS = re.compile(r"the-key-of|the-admin-key|sk-sy-")
MINE = {"id": "call-1", "key": "alice", "route": "smart", "name": "alice", "team": "research", "ids": "demo/echo"}
THEIRS = {"id": "call-2", "key": "bob", "route": "covert", "name": "carol", "team": "rivals", "ids": "rival/echo"}
FILES = {"file": "index.html"}
DOCUMENT = document(VERSION)


def operations():
    for (method, path), operation in OPERATIONS.items():
        for server in DOCUMENT["paths"][path].get("servers", [{"url": "/"}]):
            yield pytest.param(
                method, server["url"].rstrip("/") + path, operation, id=f"{method} {server['url']} {path}"
            )


def asked(session, url, method, path, operation, values, *, key):
    """The answer to the document's own example, about what *values* name."""
    place = path.format_map(
        {each.name: (FILES | values)[each.name] for each in operation.parameters if each.place == "path"}
    )
    query = {
        each.name: values[each.name] for each in operation.parameters if each.place == "query" and each.name in values
    }
    if path.endswith("/forecast"):
        query.pop("team")
    body = operation.example
    if isinstance(body, dict):
        body = body | {name: values[name] for name in ("id",) if name in body}
        body |= {"model": values["route"]} if "model" in body else {}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return session.request(method, url + place, params=query, json=body, headers=headers, timeout=10)


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


@pytest.mark.parametrize(("method", "path", "operation"), list(operations()))
def test_a_client_sees_nothing_of_others(session, served, method, path, operation):
    answers = [
        asked(session, served, method, path, operation, values, key=ALICE)
        for values in (MINE, THEIRS, *({**MINE, name: other} for name, other in THEIRS.items()))
    ]

    if operation.open_to == "operator":
        assert {401} == {answer.status_code for answer in answers}
    for answer in answers:
        assert not SECRETS.search(answer.text)
        if answer.status_code == 200 and path not in {"/api/v1/openapi.json", "/api/v1/docs.js"}:
            assert not OTHERS.search(answer.text)


@pytest.mark.parametrize(("method", "path", "operation"), list(operations()))
def test_without_a_key_there_is_nothing_to_see(session, served, method, path, operation):
    answer = asked(session, served, method, path, operation, MINE, key=None)

    if operation.open_to != "anybody":
        assert 401 == answer.status_code
    assert not SECRETS.search(answer.text)


@pytest.mark.parametrize(("name", "status"), [("call-1", 200), ("call-2", 404), ("call-3", 200)])
def test_a_client_sees_its_own_calls_only(session, served, name, status):
    headers = {"authorization": f"Bearer {ALICE}"}

    answer = session.get(f"{served}/api/v1/calls/{name}", headers=headers, timeout=10)

    assert status == answer.status_code


def test_a_client_is_told_of_its_own_usage_whatever_it_asks_for(session, served):
    headers = {"authorization": f"Bearer {ALICE}"}

    own = session.get(f"{served}/api/v1/usage", headers=headers, timeout=10)
    theirs = session.get(f"{served}/api/v1/usage?key=bob", headers=headers, timeout=10)

    assert ("alice", 403) == (own.json()["key"], theirs.status_code)


@pytest.mark.parametrize(
    ("path", "key", "others"),
    [("/v1/models", ALICE, False), ("/api/v1/models", ALICE, False), ("/api/v1/models", ADMIN, True)],
)
def test_models_are_those_of_the_key(session, served, path, key, others):
    answer = session.get(served + path, headers={"authorization": f"Bearer {key}"}, timeout=10)

    assert others == bool(OTHERS.search(answer.text))
