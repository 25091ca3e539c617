"""The shape of the code: short files, short functions, names that mean something, and decisions without a clock."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
LONGEST_FILE = 400
LONGEST_FUNCTION = 50

EMPTY_WORDS = {
    "manager",
    "helper",
    "helpers",
    "util",
    "utils",
    "utility",
    "common",
    "processor",
    "handler",
    "data",
    "info",
}

PURE = ("core/", "api/", "adapters/", "routing/", "config/")
IMPURE = {"config/watch.py"}  # it looks at files; that is its subject
WORLD = {
    "aiohttp",
    "asyncio",
    "http.client",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "uuid",
}
PERMITTED = {"random.Random"}  # the type of the chance that is handed in
CLOCKS = {"now", "today", "utcnow"}

# The boundaries at which any exception must end: of a call, and of the tasks that work for all of them.
BOUNDARIES = (
    "gateway/house.py",
    "gateway/opening.py",
    "server/drive.py",
    "telemetry/log.py",
    "telemetry/collector.py",
    "telemetry/counting.py",
    "store/drain.py",
    "quota/courier.py",
)
BROAD = {"Exception", "BaseException"}

NOT_OURS = {".git", ".venv", "__pycache__", "node_modules", ".hypothesis"}
KEPT = ("data/", "bench/build/", "compiled/")  # what runs leave behind
TEXT = {
    ".c",
    ".css",
    ".html",
    ".ini",
    ".in",
    ".js",
    ".json",
    ".lua",
    ".md",
    ".mjs",
    ".py",
    ".sh",
    ".toml",
    ".ts",
    ".txt",
    ".yaml",
    ".yml",
}
NAMED = {"Dockerfile", "LICENSE", "Makefile", "run", ".dockerignore", ".gitignore", ".npmrc"}
CODE = {".c", ".js", ".lua", ".mjs", ".py", ".ts"}
PRIVATE = {
    "the path of some machine": re.compile(r"(?<![\w.:/}-])/(?:home|root|tmp|Users|work)/\w"),
    "a registry's host": re.compile(r"(?:pypi|pythonhosted|npmjs|yarnpkg)\.(?:org|com)"),
    "a setting that names a registry": re.compile(r"(?i)index[-_]url|\bregistry\s*=\s*http|\"resolved\"\s*:"),
}


def ours(file: str) -> bool:
    """Whether a file was written by people and can be read by them."""
    path = Path(file)
    left = any(part in NOT_OURS or part.endswith("_cache") for part in path.parts)
    return not left and not file.startswith(KEPT) and (path.suffix in TEXT or path.name in NAMED)


ALL = sorted(file for path in HOME.rglob("*") if path.is_file() and ours(file := path.relative_to(HOME).as_posix()))
PYTHON = [file for file in ALL if file.endswith(".py")]
PRODUCT = [file for file in PYTHON if not file.startswith("tests/")]
DECISIONS = [file for file in PRODUCT if file.startswith(PURE) and file not in IMPURE]


@cache
def text(file: str) -> str:
    return (HOME / file).read_text(encoding="utf-8")


@cache
def tree(file: str) -> ast.Module:
    return ast.parse(text(file))


def words(name: str) -> set[str]:
    """Of `HttpRequestLine` or `request_line`, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def empty_words(name: str) -> set[str]:
    """Those that say nothing; a handler of HTTP is called that everywhere."""
    found = words(name) & EMPTY_WORDS
    return found - {"handler"} if "http" in words(name) else found


def functions(file: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imports(file: str) -> Iterator[tuple[str, str]]:
    """Pairs of module and full name."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", f"{node.module}.{alias.name}") for alias in node.names)


def called(file: str) -> Iterator[tuple[int, str]]:
    """Lines, and what is called there: `open`, or `datetime.now`."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def broad(node: ast.AST) -> int:
    """The line where any exception is swallowed, or 0; a handler that ends with a bare `raise` only tidies up."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return node.lineno if BROAD & {ast.unparse(argument) for argument in node.args} else 0
    if not isinstance(node, ast.ExceptHandler):
        return 0
    caught = {ast.unparse(one) for one in ast.walk(node.type)} if node.type else BROAD
    last = node.body[-1]
    tidies = isinstance(last, ast.Raise) and last.exc is None
    return node.lineno if BROAD & caught and not tidies else 0


@pytest.mark.parametrize("file", [file for file in ALL if Path(file).suffix in CODE])
def test_a_file_is_short(file: str) -> None:
    assert len(text(file).splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("file", PYTHON)
def test_a_module_opens_with_a_sentence(file: str) -> None:
    assert ast.get_docstring(tree(file))


@pytest.mark.parametrize("file", PYTHON)
def test_functions_are_short(file: str) -> None:
    long = [node.name for node in functions(file) if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]

    assert long == []


@pytest.mark.parametrize("file", PYTHON)
def test_names_mean_something(file: str) -> None:
    classes = [node.name for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef)]

    empty = [name for name in (*file.removesuffix(".py").split("/"), *classes) if empty_words(name)]

    assert empty == []


@pytest.mark.parametrize("file", DECISIONS)
def test_decisions_import_nothing_of_the_world(file: str) -> None:
    found = [
        name for module, name in imports(file) if ({module, module.split(".")[0]} & WORLD) and name not in PERMITTED
    ]

    assert found == []


@pytest.mark.parametrize("file", DECISIONS)
def test_decisions_look_at_no_clock_and_open_no_file(file: str) -> None:
    clocks = {
        f"{owner}.{clock}" for owner in ("date", "datetime", "datetime.date", "datetime.datetime") for clock in CLOCKS
    }

    found = [(line, name) for line, name in called(file) if name in {*clocks, "open", "input"}]

    assert found == []


@pytest.mark.parametrize("file", PRODUCT)
def test_exceptions_are_caught_by_name_but_at_the_boundaries(file: str) -> None:
    lines = text(file).splitlines()
    caught = [line for node in ast.walk(tree(file)) if (line := broad(node))]

    unexplained = [line for line in caught if "#" not in f"{lines[line - 1]}{lines[line]}"]

    assert unexplained == []
    assert len(caught) <= (file in BOUNDARIES)


@pytest.mark.parametrize("file", [file for file in PRODUCT if file != "proxy.py" and not file.startswith("bench/")])
def test_only_the_command_line_prints(file: str) -> None:
    assert "print" not in [name for _, name in called(file)]


@pytest.mark.parametrize("file", PRODUCT)
def test_no_pattern_has_a_possessive_group(file: str) -> None:
    """Python 3.11.2, which Debian 12 has, takes some of them to match what they don't."""
    strings = [str(node.value) for node in ast.walk(tree(file)) if isinstance(node, ast.Constant)]

    assert [] == [string for string in strings if "(?" in string and re.search(r"\(\?>|\)[*+?]\+", string)]


@pytest.mark.parametrize("file", ALL)
def test_a_file_tells_nothing_about_the_machine_it_was_written_on(file: str) -> None:
    found = [what for what, pattern in PRIVATE.items() if pattern.search(text(file))]

    assert found == []
