"""Who may import whom: the plan's arrows, as a table that every file is held against."""

import ast
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent

# A folder may import itself and what stands here; "config.schema" is that module alone.
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "config": {"core"},
    "api": {"core"},
    "adapters": {"core"},
    "catalog": {"core"},
    "telemetry": {"core"},
    "store": {"core"},
    "routing": {"core", "config.schema"},
    "cache": {"core", "store"},
    "moving": {"core", "config"},
    "compiling": set(),
    "quota": {"core", "config", "store"},
    "upstream": {"core", "adapters"},
    "server": {"core", "config", "telemetry"},
    "admin": {"core", "config", "catalog", "telemetry", "store", "routing", "cache", "quota", "server"},
    "bench": set(),
}
# What is measured or played on paper is the routing code itself, without a network.
INSIDE: dict[str, set[str]] = {
    file: {"core", "config.schema", "routing"}
    for file in ("bench/decisions.py", "bench/simulate.py", "bench/simulated.py")
} | {
    "bench/__main__.py": {"compiling"},
    "bench/targets.py": {"compiling"},
    "bench/vectors.py": {"core", "cache", "store"},
}
MAY_IMPORT["gateway"] = set(MAY_IMPORT) - {"bench"}
MAY_IMPORT["proxy.py"] = set(MAY_IMPORT) - {"bench"}

# Inside gateway/, between its folders. What stands beside them joins them, or is known to all of them.
INNER: dict[str, set[str]] = {
    "call": set(),
    "watch": set(),
    "desk": {"call", "watch"},
    "graph": {"call", "desk"},
    "commands": {"desk", "watch"},
}

# Of what others wrote, some has one place only. The longest name that fits an import decides.
PLACES: dict[str, set[str]] = {
    "aiohttp": {"proxy.py", "gateway", "server", "admin", "upstream"},
    "aiohttp.Client": {"upstream"},
    "aiohttp.client": {"upstream"},
    "aiohttp.connector": {"upstream"},
    "aiohttp.TCPConnector": {"upstream"},
    "botocore": {"upstream"},
    "graphql": {"gateway"},
    "strawberry": {"gateway"},
    "httptools": {"upstream", "server", "bench"},
    "redis": {"store"},
    "sqlite3": {"store"},
    "asyncpg": {"store"},
    "tiktoken": {"catalog"},
    "prometheus_client": {"telemetry"},
    "opentelemetry": {"telemetry"},
    "mypyc": {"compiling"},
    "setuptools": {"compiling"},
}
SHARED = {"tests"}  # folders that are not the product's and import what they like

FOLDERS = sorted(
    folder.name for folder in HOME.iterdir() if not folder.name.startswith(".") and next(folder.rglob("*.py"), None)
)
FILES = sorted(
    str(file.relative_to(HOME))
    for file in (
        *HOME.glob("*.py"),
        *(file for folder in set(FOLDERS) - SHARED for file in (HOME / folder).rglob("*.py")),
    )
)


INSTALLED = {*sys.stdlib_module_names, *packages_distributions()}


@cache
def imported(file: str) -> tuple[str, ...]:
    """Full names: `from core import call` and `import core.call` are both core.call."""
    names = []
    for node in ast.walk(ast.parse((HOME / file).read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return tuple(names)


def place(file: str) -> str:
    return file.split("/", maxsplit=1)[0]


def covers(allowed: str, name: str) -> bool:
    return name == allowed or name.startswith(f"{allowed}.")


def misplaced(name: str, where: str) -> bool:
    fitting = [start for start in PLACES if name.startswith(start)]
    return bool(fitting) and where not in PLACES[max(fitting, key=len)]


@pytest.mark.parametrize("file", FILES)
def test_a_file_imports_only_what_the_plan_allows(file: str) -> None:
    where = place(file)
    allowed = {where, *MAY_IMPORT.get(where, ()), *INSIDE.get(file, ())}
    ours = [name for name in imported(file) if name.split(".")[0] in {*MAY_IMPORT, "proxy"}]

    stray = [name for name in ours if not any(covers(permitted, name) for permitted in allowed)]

    assert stray == []


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("gateway/") and file.count("/") > 1])
def test_a_folder_of_the_gateway_sees_only_those_below_it(file: str) -> None:
    _, where, _ = file.split("/")
    seen = {name.split(".")[1] for name in imported(file) if name.startswith("gateway.")} & set(INNER)

    assert seen <= {where, *INNER[where]}


@pytest.mark.parametrize("file", FILES)
def test_what_others_wrote_is_imported_in_its_place_only(file: str) -> None:
    stray = [name for name in imported(file) if misplaced(name, place(file))]

    assert stray == []


@pytest.mark.parametrize("file", FILES)
def test_imports_are_absolute_and_never_wild(file: str) -> None:
    odd = [name for name in imported(file) if name.startswith(".") or name.endswith(".*")]

    assert odd == []


def test_the_schema_stands_below_the_rest_of_the_configuration() -> None:
    # Classes of its own that stand in a file by themselves, for its size; they see nothing of the rest either.
    parts = {name.rsplit(".", 1)[0] for name in imported("config/schema.py") if covers("config", name)}
    above = [name for part in parts for name in imported(f"{part.replace('.', '/')}.py") if covers("config", name)]

    assert above == []


@pytest.mark.parametrize("folder", sorted(set(FOLDERS) - SHARED))
def test_a_folder_has_its_line_in_the_table(folder: str) -> None:
    assert folder in MAY_IMPORT


@pytest.mark.parametrize("folder", sorted(set(FOLDERS) - SHARED | {"proxy"}))
def test_a_folder_shadows_nothing_that_is_installed(folder: str) -> None:
    assert folder not in INSTALLED


def test_the_table_has_no_circle() -> None:
    below: set[str] = set()
    left = {
        name: {one.split(".")[0] for one in may} for name, may in MAY_IMPORT.items() if name in {*FOLDERS, "proxy.py"}
    }

    while ready := {name for name, may in left.items() if not (may & set(left)) - below}:
        below |= ready
        left = {name: may for name, may in left.items() if name not in ready}

    assert left == {}
