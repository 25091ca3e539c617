"""What the documents say is what the code does: every key, name and path is in them, and their examples work."""

import asyncio
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, redirect_stdout
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import proxy
from adapters import ADAPTERS
from adapters.demo_wish import MODELS as DEMO_MODELS
from admin.key_pages import KEYS
from admin.told import doors
from api import ENDPOINTS
from config.load import load
from config.problems import ConfigErrors
from config.schema import Config
from core.faults import Fault
from core.target import Provider
from gateway.commands import offline
from gateway.desk.clerk import ROOT
from gateway.desk.estimate import PATH
from gateway.generation import DIALECTS
from gateway.pages import MODELS
from routing.strategies import STRATEGIES
from telemetry.meters import METRICS
from telemetry.record import Record, as_json
from tests.test_imports import MAY_IMPORT
from tests.whole.conftest import Gateway, gateway

HOME = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/performance.md")
README, ARCHITECTURE = ((HOME / name).read_text(encoding="utf-8") for name in DOCUMENTS[:2])
SHIPPED = (HOME / "config.yaml").read_text(encoding="utf-8")
FOLDERS = sorted(set(MAY_IMPORT) - {"proxy.py", "bench"})
PRODUCT = [file for folder in FOLDERS for file in (HOME / folder).rglob("*.py")]

STRANGER = "zzqqxx"  # a key that nothing resembles
TOP = "(top)"
NAMES = (*ADAPTERS, "demo/echo")  # what the mappings whose keys are names may hold

Place = Callable[[object], Any]
Table = tuple[list[str], list[list[str]]]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(text: str) -> list[Table]:
    """Heads and rows."""
    found = re.findall(r"(?m)^(\|.*\|)\n\|[-|]+\|\n((?:\|.*\|\n)*)", text)
    return [(cells(head), [cells(row) for row in rows.splitlines()]) for head, rows in found]


def table(text: str, head: str) -> list[list[str]]:
    """The rows of the one table whose first column is called *head*."""
    (only,) = [rows for (first, *_), rows in tables(text) if first == head]
    return only


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def first_column(text: str, head: str) -> list[str]:
    return [code for row in table(text, head) for code in codes(row[0])]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)


# The configuration's keys, as its own errors tell them


def read(tree: object) -> Config:
    text = tree if isinstance(tree, str) else json.dumps(tree)
    return load(text, {}, file="c.yaml", dialects=DIALECTS, strategies=STRATEGIES)


def problems(tree: object) -> list[str]:
    try:
        read(tree)
    except ConfigErrors as errors:
        return [f"{each.path}: {each.message}" for each in errors.problems]
    return []


def known(place: Place) -> set[str]:
    """The keys that the mapping at *place* may have; none if there can't be a mapping."""
    found = told(place({STRANGER: 1}))
    # Some are only known beside another one.
    return found.union(*(told(place({STRANGER: 1, key: "demo/echo"})) for key in found))


def told(tree: object) -> set[str]:
    said = [re.search(rf"unknown key {STRANGER}; known are (.*)", each) for each in problems(tree)]
    return {key for each in said if each for key in each[1].split(", ")}


def inside(label: str, place: Place, key: str) -> list[tuple[str, Place]]:
    """Where mappings might be below *key*: in a list, by itself, or by name."""
    shapes: list[tuple[str, Place]] = [(f"{key}[]", lambda node: {key: [node]}), (key, lambda node: {key: node})]
    if label == TOP:
        shapes += [(f"{key}.NAME", lambda node, name=name: {key: {name: node}}) for name in NAMES]
    return [(named, lambda node, shape=shape: place(shape(node))) for named, shape in shapes]


@cache
def sections() -> dict[str, dict[str, Place]]:
    """Every mapping of the configuration, by a label of ours: its keys, each with the place where it was found."""
    found: dict[str, dict[str, Place]] = {}
    left: list[tuple[str, Place]] = [(TOP, lambda node: node)]
    while left:
        left.sort(key=lambda each: not each[0].endswith("[]"))  # a list of one may be written without its list
        label, place = left.pop(0)
        keys = known(place)
        if any(keys == set(other) for name, other in found.items() if name != label):
            continue
        for key in sorted(keys - set(found.get(label, ()))):
            found.setdefault(label, {})[key] = place
            left += inside(label, place, key)
    return found


def keys_by_section() -> dict[str, set[str]]:
    return {label: set(keys) for label, keys in sections().items() if keys}


def documented_sections() -> dict[str, Table]:
    return {label: each for each in tables(README) if (label := each[0][0].strip("`")) in sections()}


def documented_defaults() -> list[tuple[str, str, str]]:
    """Those that can be tried: a mapping that says nothing else must be a good one."""
    return [
        (label, key, codes(row[2])[0])
        for label, (head, rows) in documented_sections().items()
        for row in rows
        for key in codes(row[0])
        if "default" in head and row[2].startswith("`") and not problems(sections()[label][key]({}))
    ]


def settled(config: Config) -> Config:
    return replace(config, hash="", warnings=())


def test_every_key_is_documented_and_no_other() -> None:
    documented = {
        label: {code for row in rows for code in codes(row[0])} for label, (_, rows) in documented_sections().items()
    }

    assert keys_by_section() == documented


@pytest.mark.parametrize(("label", "key", "default"), documented_defaults())
def test_a_default_is_what_the_readme_says(label: str, key: str, default: str) -> None:
    place = sections()[label][key]

    said = read(place({key: yaml.safe_load(default)}))

    assert settled(read(place({}))) == settled(said)


@pytest.mark.parametrize("example", blocks(README, "yaml"))
def test_an_example_of_a_configuration_loads(example: str) -> None:
    config = read(example)

    assert config.warnings == ()
    assert config.routes


def test_every_variable_of_the_shipped_configuration_is_documented() -> None:
    lines = [line for line in SHIPPED.splitlines() if not line.lstrip().startswith("#")]
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", "\n".join(lines)))

    documented = set(first_column(README, "variable"))

    assert used == documented


# The rest of what has a name


def test_every_strategy_is_documented() -> None:
    assert sorted(STRATEGIES) == sorted(first_column(README, "strategy"))


def test_every_dialect_is_documented_with_what_it_needs() -> None:
    documented = {}
    for name, address, key, serves in table(README, "dialect"):
        usual = "" if address.startswith("none") else codes(address)[0]
        for one in codes(name):
            documented[one] = (usual, key == "needed", frozenset(serves.split(", ")))

    expected = {
        name: (each.base_url, each.needs_key, each.make(Provider(name="p", dialect=name)).endpoints)
        for name, each in ADAPTERS.items()
    }

    assert expected == documented


def operators() -> set[str]:
    """What is served below /api/v1."""
    words = {"{ROOT}": ROOT, "{KEYS}": KEYS, "KEYS": KEYS, "PATH": PATH, "{{}}": "{name}"}
    source = "\n".join(file.read_text(encoding="utf-8") for file in PRODUCT)
    found = set()
    for method, path in re.findall(r'Row\("([A-Z]+)", f?"?([^",]+)', source):
        for word, meaning in words.items():
            path = path.replace(word, meaning)
        found.add(f"{method} {path}")
    return found


def test_every_endpoint_is_documented() -> None:
    source = (HOME / "gateway/pages.py").read_text(encoding="utf-8")
    pages = {f"{method} {path}" for method, path in re.findall(r'\("(GET|POST)", "(/[^"]*)"\)', source)}
    calls = {f"POST /v1{endpoint.path}" for endpoint in ENDPOINTS.values()}
    models = {"GET /v1/models", f"GET /v1{MODELS}{{id}}"}
    behind = {f"{method} {path}" for method, path in doors.OPERATIONS}

    documented = first_column(README, "endpoint")

    assert "GET /models" in pages
    assert sorted(calls | models | behind | operators() | pages - {"GET /models"}) == sorted(documented)


def test_every_metric_is_documented_with_its_labels() -> None:
    documented = {row[0].strip("`"): (row[1], tuple(codes(row[2]))) for row in table(README, "metric")}

    assert {each.name: (each.type, each.labels) for each in METRICS} == documented


@pytest.mark.parametrize("text", [README, ARCHITECTURE], ids=["README", "ARCHITECTURE"])
def test_the_table_of_faults_is_that_of_the_code(text: str) -> None:
    rows = {row[0].strip("`"): row[1:] for row in table(text, "fault")}
    documented = {
        code: [status[:3], *codes(shown), blame, same[:3] == "yes", following[:3] == "yes"]
        for code, (status, shown, blame, same, following) in rows.items()
    }

    expected = {
        it.code: [str(it.status), *filter(None, [it.shown]), it.blame.value, it.retry_same, it.next_target]
        for it in Fault
    }

    assert expected == documented


def test_every_refusal_of_ours_is_documented() -> None:
    source = "\n".join(file.read_text(encoding="utf-8") for file in PRODUCT if "adapters" not in file.parts)
    used = set(re.findall(r"""code(?:: str \| None)? ?= ?"([a-z_]+)\"""", source))
    used |= set(re.findall(r'_unauthorized\(".*", "([a-z_]+)"\)', source))

    documented = set(first_column(README, "`code`"))

    assert used == documented


def test_every_header_of_ours_is_documented() -> None:
    source = "\n".join(file.read_text(encoding="utf-8") for file in PRODUCT)
    used = set(re.findall(r"x-(?:switchyard-[a-z-]+|should-retry|request-id)", source))

    assert used <= set(first_column(README, "header"))


@pytest.mark.parametrize(
    ("heading", "names"),
    [("## Logging", json.loads(as_json(Record("id", 0.0), content=True))), ("### See a fallback", DEMO_MODELS)],
)
def test_every_name_is_in_its_section(heading: str, names: Iterable[str]) -> None:
    section = README.partition(heading)[2].partition("\n##")[0]

    assert [name for name in names if f"`{name}`" not in section] == []


def test_every_word_of_the_command_line_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        proxy.arguments(["--help"])

    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))

    assert set(proxy.ELSEWHERE) == set(offline.NAMES)
    assert {*options, *proxy.COMMANDS, *offline.NAMES, "FILE"} == set(first_column(README, "argument"))


def test_every_make_target_is_documented() -> None:
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"(?m)^\.PHONY: (.*)$", makefile)

    assert {f"make {target}" for target in phony.split()} == set(first_column(README, "target"))


# What the reader is told to do


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[AbstractAsyncContextManager[Gateway]]:
    """A gateway with the shipped configuration, to be entered."""
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    yield gateway(SHIPPED, tmp_path, log)
    os.close(log)


async def test_the_python_example_works(shipped: AbstractAsyncContextManager[Gateway]) -> None:
    (example,) = blocks(README, "python")
    said = io.StringIO()

    async with shipped as running:
        code = compile(example.replace("http://127.0.0.1:8080", running.url), "README.md", "exec")
        with redirect_stdout(said):
            await asyncio.to_thread(exec, code, {})

    assert "You said: “Hello”" in said.getvalue()


async def test_the_fallback_shows_what_the_readme_shows(shipped: AbstractAsyncContextManager[Gateway]) -> None:
    (shown,) = blocks(README, "http")
    status, *lines = shown.splitlines()

    async with shipped as running:
        answer = await running.chat("demo-fallback")

    assert f"HTTP/1.1 {answer.status} OK" == status
    assert dict(line.split(": ") for line in lines).items() <= answer.headers.items()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", (HOME / name).read_text(encoding="utf-8"))
    inner = [link for link in links if not re.match(r"https?://", link)]

    lost = [link for link in inner if not leads_somewhere(link, name)]

    assert lost == []


def leads_somewhere(link: str, name: str) -> bool:
    file, _, anchor = link.partition("#")
    path = (HOME / name).parent / file if file else HOME / name
    if not path.exists():
        return False
    headings = re.findall(r"(?m)^#+ (.*)$", path.read_text(encoding="utf-8")) if anchor else []
    return not anchor or anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_plan_names_every_folder_and_what_it_may_import() -> None:
    rows = {row[0].strip("`"): row[1] for row in table(ARCHITECTURE, "folder")}
    everything = set(MAY_IMPORT) - {"bench", "gateway", "proxy.py"}

    documented = {name: everything if may.startswith("all") else set(codes(may)) for name, may in rows.items()}

    assert {name: may - {"gateway", "proxy.py"} for name, may in MAY_IMPORT.items()} == documented


def test_every_dependency_has_its_reason() -> None:
    required = re.findall(r"(?m)^[a-z-]+", (HOME / "requirements.in").read_text(encoding="utf-8"))

    assert sorted(required) == sorted(first_column(ARCHITECTURE, "dependency"))
