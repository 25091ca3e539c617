"""Where the family's providers list their models, and what is no list."""

import orjson
import pytest

from adapters import ADAPTERS
from core.faults import Fault, UpstreamError
from core.target import Provider


def listing(dialect: str, **options: str):
    return ADAPTERS[dialect].make(Provider(name="p", dialect=dialect, options=options)).listing


@pytest.mark.parametrize(
    ("dialect", "options", "path"),
    [
        ("openai", {}, "/models"),
        ("vllm", {}, "/models"),
        ("azure", {}, "/openai/v1/models"),
        ("azure", {"api_version": "2024-10-21"}, "/openai/models?api-version=2024-10-21"),
    ],
)
def test_a_provider_lists_its_models_at_its_own_path(dialect, options, path):
    found = listing(dialect, **options)

    assert (path, "") == (found.path, found.probe)


@pytest.mark.parametrize("dialect", ["demo", "perplexity"])
def test_some_have_no_list(dialect):
    assert listing(dialect) is None


@pytest.mark.parametrize(
    ("told", "ids"),
    [
        ({"object": "list", "data": [{"id": "a"}, {"id": "b"}]}, ["a", "b"]),
        ([{"id": "a"}], ["a"]),
        ({"data": []}, []),
        ({"data": [{"id": "a"}, {"name": "b"}, "c", None, {"id": 4}]}, ["a"]),
    ],
)
def test_a_list_is_read_bare_or_wrapped(told, ids):
    assert ids == [one["id"] for one in listing("together").read(orjson.dumps(told))]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[[", b"7", b"null", b"{}", b'{"data": {"id": "a"}}'])
def test_what_is_no_list_is_broken(body):
    with pytest.raises(UpstreamError) as caught:
        listing("openai").read(body)

    assert Fault.BROKEN is caught.value.failure.fault
