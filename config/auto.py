"""`auto`: the model that chooses among all others."""

from collections.abc import Collection

from config.names import covers
from config.problems import Notes
from config.readers import TEXT, several
from config.schema import Automatic
from config.section import Entry, Reader, Section, got, shown
from config.yaml_lines import Fields, Scalar

_SWITCH = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}


def read_auto(entry: Entry | None, notes: Notes, *, named: Reader[str], providers: Collection[str]) -> Automatic:
    """A mapping, or a word: `off`. *named* reads the name of a strategy."""
    if entry is not None and not isinstance(entry.node, Fields):
        on = _SWITCH.get(entry.node.text.lower()) if isinstance(entry.node, Scalar) else None
        if on is None:
            notes.error(entry, f"expected off, or a mapping, got {got(entry.node)}")
        return Automatic(on=on is not False)
    section = Section(entry, notes)
    auto = Automatic(
        strategy=section.read("strategy", named, Automatic().strategy),
        targets=_targets(section, providers),
    )
    section.close()
    return auto


def _targets(section: Section, providers: Collection[str]) -> tuple[str, ...]:
    def read(entry: Entry, notes: Notes) -> str | None:
        name = TEXT(entry, notes)
        if name and isinstance(entry.node, Scalar):
            _check(name, shown(entry.node), entry, notes, providers)
        return name

    return section.read("targets", several(read), ())


def _check(name: str, words: str, entry: Entry, notes: Notes, providers: Collection[str]) -> None:
    provider, slash, model = name.partition("/")
    if name.count("*") > 1 or not (slash and model):
        notes.error(entry, f"expected a target such as openai/gpt-4o, or with one * in it, got {words}")
    elif not any(covers(provider, one) for one in providers):
        notes.error(entry, f"names no provider that is configured here, got {words}{notes.meant(provider, providers)}")
