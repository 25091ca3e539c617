"""The file: read and watched."""

import os

import pytest

from config.problems import ConfigErrors
from config.watch import LARGEST, Missing, Watch, read


def write(path, text):
    """As an editor does: a new file in the old one's place."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_a_text_is_read(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes("\ufeffa: é".encode())

    assert "a: é" == read(path)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"a: b\nc: \xff", "{}:2: is not UTF-8"),
        (b" " * (LARGEST + 1), "{}: is larger than 4194304 bytes"),
        (None, "{}: can't be read: No such file or directory"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, raw, problem):
    path = tmp_path / "c.yaml"
    if raw is not None:
        path.write_bytes(raw)

    with pytest.raises(ConfigErrors) as caught:
        read(path)

    assert [problem.format(path)] == [str(one) for one in caught.value.problems]


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(ConfigErrors, match="is a directory; expected a YAML file"):
        read(tmp_path)


def test_a_change_is_told_once(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("a: 1")
    watch = Watch(path)
    write(path, "a: 2")

    answers = [watch.changed(), watch.changed()]

    assert [True, False] == answers


def test_an_edit_in_place_of_the_same_length_is_a_change(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("a: 1")
    os.utime(path, ns=(1, 1))
    watch = Watch(path)
    path.write_text("a: 2")

    assert watch.changed()


def test_a_link_that_points_elsewhere_is_a_change(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.yaml").write_text(name)
    (tmp_path / "current").symlink_to("one")
    (tmp_path / "c.yaml").symlink_to("current/c.yaml")
    watch = Watch(tmp_path / "c.yaml")

    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(tmp_path / "current")

    assert watch.changed()


def test_a_file_that_is_missing_for_a_moment_has_not_changed(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("a: 1")
    watch = Watch(path)

    path.unlink()
    missing = watch.changed()
    path.write_text("a: 22")

    assert (False, True) == (missing, watch.changed())


def test_a_file_that_was_missed_is_another_one_when_it_is_back(tmp_path):
    path, away = tmp_path / "c.yaml", tmp_path / "away"
    path.write_text("a: 1")
    watch = Watch(path)

    path.rename(away)
    with pytest.raises(Missing):
        read(path)
    watch.forget()
    missing = watch.changed()
    os.link(away, path)  # the very file, as it was

    assert (False, True, False) == (missing, watch.changed(), watch.changed())


def test_a_file_that_may_be_read_now_has_changed(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("a: 1")
    watch = Watch(path)

    path.chmod(0o600)

    assert watch.changed()
