"""What a test that leaves nothing to chance has to know of Hypothesis."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


@contextmanager
def unswayed() -> Iterator[None]:
    """What is drawn doesn't depend on what else this process has imported.

    Hypothesis likes to draw numbers that stand in the sources of all modules loaded so far: so even a run without
    chance plays other examples alone than together with other tests.
    """
    none = Constants()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "_get_local_constants", lambda: none)
        providers.CONSTANTS_CACHE.cache.clear()
        yield
    providers.CONSTANTS_CACHE.cache.clear()
