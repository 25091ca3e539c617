"""LiteLLM's own published examples: converted whole, accepted by `check`, and nothing of them lost in silence."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from gateway.generation import DIALECTS
from moving import litellm
from moving.findings import Findings
from tests.moving.conftest import HERE, golden

FOLDER = HERE / "published"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
# Of those that show the most, all that is written.
WHOLE = ["azure_config", "load_balancer", "oai_misc_config", "otel_test_config", "pass_through_config"]
SECRETS = re.compile(r"sk-uj6F|sk-Imn|fake-key|user:password")
TITLES = ("Mapped", "Mapped with changed meaning", "Not mapped")
DEPLOYMENT = re.compile(r"model_list\[\d+\]")

Way = tuple[str | int, ...]


def tree(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text())


def leaves(node: Any, way: Way = ()) -> Iterator[Way]:
    """The ways to all that is said, down to the last word."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not node or not isinstance(node, dict | list):
        yield way
    for step, each in inner:
        yield from leaves(each, (*way, step))


def path(way: Way) -> str:
    """As the report writes it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way).removeprefix(".")


def converted(whole: Any) -> tuple[str, Findings]:
    return litellm.imported(json.dumps(whole), "theirs.yaml", DIALECTS)


def told_apart(whole: Any) -> tuple[str, set[str]]:
    """All that a change of *whole* can be seen by."""
    text, findings = converted(whole)
    said = {f"{one.path}: {one.text}" for one in (*findings.mapped, *findings.changed, *findings.left)}
    return text, said | set(findings.needed) | set(findings.needed.values())


def spoken_of(findings: Findings) -> set[str]:
    """The places that the report has a line about. A deployment's own line says nothing of what stands inside, unless
    it is left out: then all of it is.
    """
    mapped = {one.path for one in findings.mapped}
    others = {one.path for one in (*findings.changed, *findings.left)}
    left = {one.path.partition(".")[0] for one in findings.left if one.path.endswith("litellm_params.model")}
    return {one for one in mapped | others if not DEPLOYMENT.fullmatch(one)} | (left - mapped) | (others - mapped)


def altered(whole: Any, way: Way) -> Any:
    """*whole* with another value at the end of *way*, and of all deployments only the one that it leads to."""
    other = deepcopy(whole)
    node = other
    for step in way[:-1]:
        node = node[step]
    # A key in clear never comes out, so that one is like another.
    node[way[-1]] = "os.environ/OTHER" if way[-1] == "api_key" else something_else(node[way[-1]])
    return alone(other, way)


def alone(whole: Any, way: Way) -> Any:
    return {"model_list": [whole["model_list"][way[1]]]} if way[0] == "model_list" else whole


def something_else(said: Any) -> Any:
    match said:
        case bool():
            return not said
        case int() | float():
            return said * 2
        case str():
            return f"{said.rstrip('/')}_OTHER" if said.startswith("os.environ/") else f"{said}x"
        case _:
            return "other"


def within(place: str, places: set[str]) -> bool:
    return any(place == one or place.startswith((f"{one}.", f"{one}[")) for one in places)


def test_all_that_are_in_the_package_are_here():
    assert len(NAMES) == 30
    assert (FOLDER / "LICENSE").read_text().count("MIT License") == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_is_made_of_an_example_passes_the_check(told, checked, name):
    done = told("import-litellm", f"published/{name}.yaml")

    check = checked(done.out, done.variables)

    assert 0 == done.code
    assert (0, "") == (check.code, check.err)
    assert None is SECRETS.search(done.out + done.err)


@pytest.mark.parametrize("name", NAMES)
def test_the_report_has_its_three_groups_and_says_where_each_setting_stands(told, name):
    done = told("import-litellm", f"published/{name}.yaml")

    lines = len((FOLDER / f"{name}.yaml").read_text().splitlines())
    numbers = [re.match(rf"published/{name}\.yaml:(\d+): \S", line) for title in TITLES for line in done.part(title)]
    assert numbers
    assert all(found and 1 <= int(found[1]) <= lines for found in numbers)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_said_gets_lost_in_silence(name):
    """Each setting has its line in the report, or another value there would make another file or another report."""
    whole = tree(name)
    places = spoken_of(converted(whole)[1])

    quiet = [way for way in leaves(whole) if not within(path(way), places)]
    lost = [path(way) for way in quiet if told_apart(alone(whole, way)) == told_apart(altered(whole, way))]

    assert [] == lost


@pytest.mark.parametrize("name", WHOLE)
def test_an_example_becomes_what_it_did_before(told, name):
    done = told("import-litellm", f"published/{name}.yaml")

    assert golden(f"published-{name}.yaml", done.out) == done.out
    assert golden(f"published-{name}.txt", done.err) == done.err
