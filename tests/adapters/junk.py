"""What somebody may send instead of what was agreed upon."""

from copy import deepcopy

JUNK = (None, True, -1, 1.5, "", "x", [], {}, [1], [None], ["x"], [[]], [{}], {"a": 1}, {"type": "x"}, 10**18)


def spoilt(body):
    """Copies of *body*, each with one of its values replaced by one piece of junk."""
    for path in _paths(body):
        for junk in JUNK:
            yield _with(body, path, junk)


def _paths(body, path=()):
    yield path
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inside:
        yield from _paths(value, (*path, key))


def _with(body, path, junk):
    if not path:
        return junk
    copy = deepcopy(body)
    owner = copy
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = junk
    return copy
