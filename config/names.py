"""Names: of those who are counted, and of the models that they may ask for."""

from collections.abc import Collection

from config.problems import Notes, Place
from config.readers import TEXT, several
from config.section import Entry, Section, shown
from config.yaml_lines import Scalar

LONGEST_NAME = 64


def check_name(name: str, at: Place, notes: Notes, *, whose: str) -> None:
    """Of a key, team or tag. *whose* begins the sentence."""
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        notes.error(at, f"{whose} name is 1 to {LONGEST_NAME} characters")


def read_allowed(
    section: Section, notes: Notes, *, routes: Collection[str], providers: Collection[str]
) -> tuple[str, ...]:
    """`models`: the names that may be asked for; empty for all of them."""

    def read(entry: Entry, notes: Notes) -> str | None:
        model = TEXT(entry, notes)
        if model and isinstance(entry.node, Scalar):
            check_model(model, entry, notes, words=shown(entry.node), routes=routes, providers=providers)
        return model

    entry = section.take("models")
    models = several(read)(entry, notes) if entry else ()
    if entry and not models:
        # An empty list means every model, which is hardly what someone means who writes one.
        notes.error(entry, "names no model; leave it out to allow every model")
    return models or ()


def check_model(
    model: str, entry: Entry, notes: Notes, *, words: str, routes: Collection[str], providers: Collection[str]
) -> None:
    """Whether anybody could ask for *model*, which may hold a `*`. *words* are how a message shows it."""
    if model.count("*") > 1:
        notes.error(entry, "a name may hold one * at most")
    elif not _known(model, routes, providers):
        notes.warn(entry, f"{words} is no route, and no model at a known provider")


def covers(pattern: str, name: str) -> bool:
    """Whether *name* is what *pattern* says, in which one `*` may stand for anything."""
    start, star, end = pattern.partition("*")
    if not star:
        return pattern == name
    return len(name) >= len(start) + len(end) and name.startswith(start) and name.endswith(end)


def _known(model: str, routes: Collection[str], providers: Collection[str]) -> bool:
    if model in routes or any(covers(model, route) or covers(route, model) for route in routes):
        return True
    provider, slash, _ = model.partition("/")
    return provider in providers if slash else any(covers(model, f"{one}/") for one in providers)
