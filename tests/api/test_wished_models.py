"""Models that a client wants to be asked one after another."""

import pytest

from api.wishes import wishes
from core.errors import Refusal


def test_models_are_wished_for_in_their_order():
    assert ("b", "a") == wishes({"models": ["b", "a"]}).models


def test_what_is_no_list_of_names_is_refused():
    with pytest.raises(Refusal) as refused:
        wishes({"models": [7]})

    assert (400, "models") == (refused.value.status, refused.value.param)
