"""Paths that name a model."""

import orjson
import pytest

from api import ENDPOINTS
from api.deployments import deployed
from core.errors import Refusal

HELLO = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("path", "endpoint", "model"),
    [
        ("/openai/deployments/d/chat/completions", "chat", "d"),
        ("/openai/deployments/openai/gpt-4o/chat/completions", "chat", "openai/gpt-4o"),
        ("/openai/v1/chat/completions", "chat", "m"),
    ],
)
def test_a_path_names_endpoint_and_model(path, endpoint, model):
    found = deployed(path)

    assert endpoint == found.name
    assert model == found.parse(orjson.dumps({**HELLO, "model": "m"})).model


@pytest.mark.parametrize(("path", "endpoint"), [("completions", "completions"), ("embeddings", "embeddings")])
def test_each_endpoint_has_such_a_path(path, endpoint):
    assert endpoint == deployed(f"/openai/deployments/d/{path}").name
    assert ENDPOINTS[endpoint] is deployed(f"/openai/v1/{path}")


@pytest.mark.parametrize(
    "path",
    [
        "", "/v1/chat/completions", "/openai/deployments", "/openai/deployments/d", "/openai/deployments/embeddings",
        "/openai/deployments//chat/completions", "/openai/deployments/d/images", "/openai/v1/models", "/openai/d",
    ],
)  # fmt: skip
def test_other_paths_are_none_of_these(path):
    assert deployed(path) is None


@pytest.mark.parametrize("body", [HELLO, {**HELLO, "model": "other"}, {**HELLO, "model": "d"}])
def test_the_deployment_is_the_model_whatever_the_body_says(body):
    raw = orjson.dumps(body)

    call = deployed("/openai/deployments/d/chat/completions").parse(memoryview(raw))

    assert "d" == call.model


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"text"'])
def test_what_is_wrong_with_a_body_is_told_as_ever(raw):
    with pytest.raises(Refusal) as ours:
        deployed("/openai/deployments/d/chat/completions").parse(raw)
    with pytest.raises(Refusal) as usual:
        ENDPOINTS["chat"].parse(raw)

    assert str(usual.value) == str(ours.value)
