"""Whole configurations of LiteLLM and Portkey: what is written, what is reported, and that `check` takes it."""

import re

import pytest

from tests.moving.conftest import HERE, golden

LITELLM = sorted(file.stem for file in (HERE / "examples").glob("*.yaml"))
PORTKEY = sorted(file.stem for file in (HERE / "portkey").glob("*.json"))
ALL = [
    *(("import-litellm", f"examples/{name}.yaml") for name in LITELLM),
    *(("import-portkey", f"portkey/{name}.json") for name in PORTKEY),
]
# Nothing that stands in clear in an example may come out again; what isn't secret there says so by none of these.
SECRETS = re.compile(r"in-clear|AKIA|sk-first|sk-second|secret-pw|fake-key|fake-too|very-secret|nameless|\bk[123]\b")


def test_there_are_as_many_examples_as_were_asked_for():
    assert len(LITELLM) >= 15
    assert len(PORTKEY) >= 5


@pytest.mark.parametrize(("name", "file"), ALL)
def test_an_example_becomes_what_it_should(told, name, file):
    done = told(name, file)

    stem = file.replace("/", "-").rpartition(".")[0]
    assert 0 == done.code
    assert golden(f"{stem}.yaml", done.out) == done.out
    assert golden(f"{stem}.txt", done.err) == done.err


@pytest.mark.parametrize(("name", "file"), ALL)
def test_what_is_written_passes_the_check(told, checked, name, file):
    done = told(name, file)

    check = checked(done.out, done.variables)

    assert (0, "") == (check.code, check.err)


@pytest.mark.parametrize(("name", "file"), ALL)
def test_no_secret_comes_out_again(told, name, file):
    done = told(name, file)

    assert None is SECRETS.search(done.out + done.err)


@pytest.mark.parametrize(("name", "file"), ALL)
def test_every_line_of_the_report_says_where_the_setting_stands(told, name, file):
    done = told(name, file)

    lines = len((HERE / file).read_text().splitlines())
    for title in ("Mapped", "Mapped with changed meaning", "Not mapped"):
        for line in done.part(title):
            found = re.match(rf"{re.escape(file)}:(\d+): \S", line)
            assert found
            assert 1 <= int(found[1]) <= lines
