"""The list of models: what becomes of a provider's, and what clients read."""

import orjson
import pytest

from api.models import LONGEST_OWNER, MOST_LISTED, Model, entry, listing, models


@pytest.mark.parametrize(
    ("told", "made"),
    [
        ({"id": "a", "created": 7, "owned_by": "lab"}, [Model("a", 7, "lab")]),
        ({"id": "a", "object": "other", "pricing": {"input": 1}}, [Model("a")]),
        ({"id": "a", "created": 1.7e9}, [Model("a", 1_700_000_000)]),
        ({"id": "a", "created": 0}, [Model("a")]),
        ({"id": "a", "created": -1}, [Model("a")]),
        ({"id": "a", "created": 1e300}, [Model("a")]),
        ({"id": "a", "created": "yesterday"}, [Model("a")]),
        ({"id": "a", "owned_by": None}, [Model("a")]),
        ({"id": "a", "owned_by": "x" * LONGEST_OWNER}, [Model("a", 0, "x" * LONGEST_OWNER)]),
        ({"id": "a", "owned_by": "x" * (LONGEST_OWNER + 1)}, [Model("a")]),
        ({"id": ""}, []),
        ({"id": 7}, []),
        ({"name": "a"}, []),
    ],
)
def test_of_a_providers_entry_stays_what_openai_has_too(told, made):
    assert made == list(models([told]))


def test_a_model_that_is_listed_twice_is_there_once():
    found = models([{"id": "a", "owned_by": "first"}, {"id": "b"}, {"id": "a", "owned_by": "second"}])

    assert (Model("a", 0, "first"), Model("b")) == found


def test_what_is_kept_of_a_list_has_an_end():
    found = models({"id": f"m{number}"} for number in range(MOST_LISTED + 5))

    assert (MOST_LISTED, "m0") == (len(found), found[0].id)


def test_a_list_is_openais():
    page = orjson.loads(orjson.dumps(listing([entry("a", 1), entry("b", 2, "lab")])))

    assert {
        "object": "list",
        "data": [
            {"id": "a", "object": "model", "created": 1, "owned_by": "switchyard"},
            {"id": "b", "object": "model", "created": 2, "owned_by": "lab"},
        ],
    } == page
