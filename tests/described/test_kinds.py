"""The kinds of answers that a client chooses by `accept`: each is given, and is what the document says of it."""

import jsonschema_rs
import pytest
import requests

from admin.told.document import document
from admin.told.operation import EVENTS, JSON
from core.version import VERSION
from tests.described.conftest import ADMIN, ALICE

NEWER = "application/graphql-response+json"
DOCUMENT = document(VERSION)
MODELS = "{ models { id } }"
STREAM = 'subscription { completionStream(input: {model: "smart", prompt: "hi"}) { content done } }'
WRONG = "{ nothing }"


def asked(url, query, accept, key=ALICE):
    headers = {"authorization": f"Bearer {key}", "accept": accept}
    return requests.post(f"{url}/graphql", json={"query": query}, headers=headers, timeout=10)


def kind(answer):
    return answer.headers["content-type"].partition(";")[0]


def fits(name, tree):
    """Whether *tree* is what the document calls *name*."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.is_valid(schema, tree)


def events(text):
    """Of a stream, each with its fields."""
    return [dict(line.split(": ", 1) for line in part.split("\n") if ": " in line) for part in text.split("\n\n")[:-1]]


@pytest.mark.parametrize(
    ("query", "accept", "status", "expected"),
    [
        (MODELS, JSON, 200, JSON),
        (MODELS, NEWER, 200, NEWER),
        (WRONG, JSON, 200, JSON),
        (WRONG, NEWER, 400, NEWER),
        (WRONG, EVENTS, 200, EVENTS),
        (STREAM, EVENTS, 200, EVENTS),
        (STREAM, JSON, 406, JSON),
    ],
)
def test_an_operation_is_answered_in_the_kind_that_is_accepted(served, query, accept, status, expected):
    answer = asked(served, query, accept)

    told = DOCUMENT["paths"]["/graphql"]["post"]["responses"]
    assert (status, expected) == (answer.status_code, kind(answer))
    assert expected in told[str(status)]["content"]
    if expected != EVENTS:
        assert fits("Error" if status == 406 else "GraphAnswer", answer.json())


def test_a_stream_of_graphql_is_made_of_the_events_that_are_described(served):
    told = events(asked(served, STREAM, EVENTS).text)

    assert ["complete", "next"] == sorted({each["event"] for each in told})
    assert all(fits("GraphEvents", {"data": "", **each}) for each in told)
    assert all(fits("GraphAnswer", requests.models.complexjson.loads(each["data"])) for each in told[:-1])


def test_a_refusal_within_graphql_has_the_extensions_that_are_described(served):
    answer = asked(served, 'mutation { complete(input: {model: "covert", prompt: "hi"}) { content } }', JSON)

    (error,) = answer.json()["errors"]
    assert fits("GraphError", error)
    assert (404, "model_not_found") == (error["extensions"]["status"], error["extensions"]["code"])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("text/plain", "text/plain"), ("application/openmetrics-text", "application/openmetrics-text")],
)
def test_metrics_come_in_both_kinds(served, accept, expected):
    answer = requests.get(
        f"{served}/metrics", headers={"authorization": f"Bearer {ADMIN}", "accept": accept}, timeout=10
    )

    assert (200, expected) == (answer.status_code, kind(answer))
    assert expected in DOCUMENT["paths"]["/metrics"]["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/"])
def test_the_dashboard_is_where_the_document_says(served, path):
    answer = requests.get(served + path, allow_redirects=False, timeout=10)

    told = DOCUMENT["paths"][path]["get"]["responses"]
    assert str(answer.status_code) in told
    assert ("content" in told[str(answer.status_code)]) == bool(answer.content)
