"""`proxy.py check`: what is wrong with a file, or what it would do, in seconds and without a secret."""

import shutil
import subprocess
import sys
import time

import pytest

from adapters import ADAPTERS
from tests.process.running import HOME, PATIENCE, run

SECRET = "sk-live-abcdefghijklmnop"
BAD = """\
server: {port: 99999}
providers:
  a: {dialect: openai, api_key: "${KEY_OF_A}", base_url: "http://127.0.0.1:9/v1"}
  b: {dialect: openai, api_key: "${NOT_THERE}"}
routes:
  one: a/x
  two: nowhere/x
  three: {chain: [a/x], retrys: 3}
unheard: 1
"""


def test_the_file_as_shipped_is_good_in_an_empty_environment(tmp_path):
    done = run("check", str(HOME / "config.yaml"), folder=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert "demo: demo/echo" in done.stdout
    assert "openai: not configured (OPENAI_API_KEY is not set)" in done.stdout


def test_checking_leaves_nothing_behind(tmp_path):
    run("check", str(HOME / "config.yaml"), folder=tmp_path)

    assert [] == list(tmp_path.iterdir())


def test_everything_that_is_wrong_is_said_at_once_with_its_place(tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)

    began = time.monotonic()
    done = run("check", "bad.yaml", folder=tmp_path, env={"KEY_OF_A": SECRET})
    took = time.monotonic() - began

    starts = [line.split(": ", 2)[:2] for line in done.stderr.splitlines()]
    assert 2 == done.returncode
    assert [
        ["bad.yaml:1", "server.port"],
        ["bad.yaml:4", "providers.b.api_key"],
        ["bad.yaml:7", "routes.two"],
        ["bad.yaml:8", "routes.three.retrys"],
        ["bad.yaml:9", "unheard"],
    ] == starts
    assert took < 5
    assert "" == done.stdout
    assert SECRET not in done.stderr


def test_serving_a_bad_file_says_the_same_and_starts_nothing(tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)

    checked = run("check", "--config", "bad.yaml", folder=tmp_path, env={"KEY_OF_A": SECRET})
    served = run("serve", "--config", "bad.yaml", folder=tmp_path, env={"KEY_OF_A": SECRET})

    assert (2, "") == (served.returncode, served.stdout)
    assert checked.stderr == served.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't be read: No such file or directory"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"routes: {a: ]}", "bad.yaml:1"),
        (b"- a\n- b\n", "expected a mapping"),
    ],
)
def test_what_is_no_configuration_at_all_is_one_line(tmp_path, content, said):
    if content is not None:
        (tmp_path / "bad.yaml").write_bytes(content)

    done = run("check", "bad.yaml", folder=tmp_path)

    assert 2 == done.returncode
    assert said in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_a_good_file_is_summed_up_without_its_secrets(tmp_path):
    text = f"""
admin: {{key: {SECRET}1}}
server: {{metrics_key: "${{FROM_ENV}}"}}
providers: {{a: {{dialect: openai, api_key: ["{SECRET}2", "${{OTHER}}"], base_url: "http://127.0.0.1:9/v1"}}}}
routes: {{m: a/x}}
keys: {{alice: {{key: {SECRET}3}}}}
"""
    (tmp_path / "good.yaml").write_text(text)

    done = run("check", "good.yaml", folder=tmp_path, env={"FROM_ENV": f"{SECRET}4", "OTHER": f"{SECRET}5"})

    assert 0 == done.returncode, done.stderr
    assert "a: configured, 2 keys" in done.stdout
    assert "(one key)" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_the_version_is_a_line(tmp_path):
    done = run("--version", folder=tmp_path)

    assert (0, "switchyard", "") == (done.returncode, done.stdout.split()[0], done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "65536"],
        ["--port", "-1"],
        ["--port", "http"],
        ["--port", "9" * 5000],
        ["--port", "000000000099999"],
        ["--port", "١"],
        ["--workers", "0"],
        ["--workers", "257"],
        ["start"],
        ["check", "a.yaml", "b.yaml"],
        ["check", "a.yaml", "--config", "b.yaml"],
        ["serve", "a.yaml", "--config", "b.yaml"],
        ["--unheard"],
    ],
)
def test_arguments_that_mean_nothing_are_refused_in_a_sentence(tmp_path, arguments):
    done = run(*arguments, folder=tmp_path)

    assert (2, "") == (done.returncode, done.stdout)
    assert "proxy.py: error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "gateway.example"])
def test_other_machines_are_not_served_without_keys(tmp_path, host):
    (tmp_path / "config.yaml").write_text("providers: {demo: {}}\nroutes: {demo: demo/echo}\n")

    done = run("--host", host, folder=tmp_path)

    assert (2, "") == (done.returncode, done.stdout)
    assert "server.host" in done.stderr
    assert "add `keys:`, or say `open: true`" in done.stderr


def test_dialects_shows_what_each_can_do_whatever_the_configuration_is(tmp_path):
    done = run("dialects", folder=tmp_path)

    head, *rows = done.stdout.splitlines()
    assert (0, "") == (done.returncode, done.stderr)
    assert head.startswith("provider")
    assert [*ADAPTERS] == [row.split()[0] for row in rows[: len(ADAPTERS)]]
    assert "refused: " in done.stdout


def test_dialects_needs_nothing_that_a_container_leaves_out(tmp_path):
    left = [line for line in (HOME / ".dockerignore").read_text().splitlines() if line and line[0] not in "#!"]
    shutil.copytree(
        HOME, tmp_path / "product", ignore=shutil.ignore_patterns(*(line.removeprefix("**/") for line in left))
    )

    command = [sys.executable, "proxy.py", "dialects"]
    done = subprocess.run(command, cwd=tmp_path / "product", env={}, capture_output=True, timeout=PATIENCE, check=False)

    assert not (tmp_path / "product" / "tests").exists()
    assert (0, b"") == (done.returncode, done.stderr)


def test_the_same_file_may_be_named_twice_and_a_key_that_is_over_is_warned_of(tmp_path):
    text = "providers: {demo: {}}\nroutes: {demo: demo/echo}\nkeys: {alice: {key: k, expires: 2020-01-01}}\n"
    (tmp_path / "a.yaml").write_text(text)

    done = run("check", "./a.yaml", "--config", "a.yaml", folder=tmp_path)

    assert 0 == done.returncode
    assert "a.yaml: keys.alice.expires: is over, so that nobody can use this key" in done.stdout


DEMO = "providers: {demo: {}}\nroutes: {demo: demo/echo}\n"


def beheld(folder):
    """Everything in *folder*: what is in each file, and when it was written."""
    return {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in folder.rglob("*")}


def test_a_key_that_a_start_refuses_is_refused_by_a_check_which_leaves_no_trace(tmp_path):
    (tmp_path / "config.yaml").write_text(DEMO)
    assert 0 == run("keys", "create", "bob", folder=tmp_path).returncode
    (tmp_path / "config.yaml").write_text(f"{DEMO}keys: {{bob: {{key: another}}}}\n")
    before = beheld(tmp_path)

    checked = run("check", folder=tmp_path)
    after = beheld(tmp_path)
    served = run("--port", "0", folder=tmp_path)

    assert (2, "", before) == (checked.returncode, checked.stdout, after)
    assert "config.yaml: keys.bob: a key of this name was made at run time" in checked.stderr
    assert (2, checked.stderr) == (served.returncode, served.stderr)


async def test_a_key_in_the_store_of_a_server_that_runs_is_seen_by_a_check(start, written, tmp_path):
    async with start(written()) as gateway:
        made = run("keys", "create", "bob", "--config", str(gateway.config), folder=gateway.folder)
        assert 0 == made.returncode, made.stderr
        (tmp_path / "other.yaml").write_text(written(more="keys: {bob: {key: another}}\n"))

        checked = run("check", str(tmp_path / "other.yaml"), folder=gateway.folder)

    assert 2 == checked.returncode
    assert "other.yaml: keys.bob: a key of this name was made at run time" in checked.stderr


def test_a_store_that_cannot_be_read_is_warned_of(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "state.db").write_bytes(b"no database" * 100)
    (tmp_path / "config.yaml").write_text(f"{DEMO}keys: {{bob: {{key: another}}}}\n")

    done = run("check", folder=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert "whether keys clash with those made at run time isn't known: data/state.db: file is not a database" in (
        done.stdout
    )


@pytest.mark.parametrize(
    ("taken", "more"),
    [
        ("data", "service: {budget: 5/day}"),
        ("data/journal", "service: {budget: 5/day}"),
        ("data", "server: {workers: 2}"),
    ],
)
def test_a_directory_that_a_start_cannot_write_to_ends_a_check_as_well(tmp_path, taken, more):
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_text("a file")
    (tmp_path / "config.yaml").write_text(f"{DEMO}{more}\n")

    checked = run("check", folder=tmp_path)
    served = run("--port", "0", folder=tmp_path)

    assert (1, "", "cannot write to state.directory ./data: Not a directory\n") == (
        checked.returncode,
        checked.stdout,
        checked.stderr,
    )
    assert 1 == served.returncode
    assert "cannot write to state.directory" in served.stderr


def test_without_anything_to_remember_it_is_only_warned_of(tmp_path):
    (tmp_path / "data").write_text("a file")
    (tmp_path / "config.yaml").write_text(DEMO)

    done = run("check", folder=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert "config.yaml: cannot write to state.directory ./data: Not a directory" in done.stdout
