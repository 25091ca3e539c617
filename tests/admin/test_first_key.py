"""The admin key of those who have configured none."""

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from admin.access import holds
from admin.first_key import admin_key
from config.schema import Config, State
from core.secret import Secret


def config(directory: Path, key: str | None = None) -> Config:
    return Config(state=State(directory=str(directory)), admin_key=Secret(key) if key else None)


def reveal(directory: Path) -> tuple[str, bool]:
    found = admin_key(config(directory))
    return (found.secret.reveal() if found.secret else found.trouble), found.made


def test_one_is_made_at_the_first_start_and_found_at_the_next(tmp_path):
    directory = tmp_path / "deep" / "state"

    first = admin_key(config(directory))
    again = admin_key(config(directory))

    file = directory / "admin.key"
    assert (file, True, False) == (first.path, first.made, again.made)
    assert first.secret == again.secret
    assert first.secret is not None
    assert f"{first.secret.reveal()}\n" == file.read_text()
    assert len("sk-sy-admin-") + 43 == len(first.secret.reveal())
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [file] == list(directory.iterdir())


def test_it_opens_what_the_admin_key_opens(tmp_path):
    found = admin_key(config(tmp_path), random=lambda: "x" * 43)

    assert holds(found.secret, f"Bearer sk-sy-admin-{'x' * 43}")


def test_where_it_is_is_said_and_never_what_it_is(tmp_path):
    first, again = admin_key(config(tmp_path)), admin_key(config(tmp_path))

    assert f"admin key: made, in {tmp_path}/admin.key" == first.sentence()
    assert f"admin key: in {tmp_path}/admin.key" == again.sentence()
    assert first.secret is not None
    assert first.secret.reveal() not in f"{first} {first.sentence()}"


def test_who_has_configured_one_gets_no_other(tmp_path):
    found = admin_key(config(tmp_path, "mine"))

    assert (Secret("mine"), None, "") == (found.secret, found.path, found.sentence())
    assert [] == list(tmp_path.iterdir())


def test_many_processes_that_start_at_once_have_the_same(tmp_path):
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(reveal, [tmp_path] * 12))

    assert 1 == len({secret for secret, _ in found})
    assert 1 == sum(made for _, made in found)
    assert ["admin.key"] == [file.name for file in tmp_path.iterdir()]


def test_who_is_second_takes_what_the_first_has_made(tmp_path):
    def slowly() -> str:
        admin_key(config(tmp_path), random=lambda: "f" * 43)
        return "s" * 43

    found = admin_key(config(tmp_path), random=slowly)

    assert (Secret("sk-sy-admin-" + "f" * 43), False) == (found.secret, found.made)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_no_secret(tmp_path, mode):
    admin_key(config(tmp_path))
    (tmp_path / "admin.key").chmod(mode)

    found = admin_key(config(tmp_path))

    assert None is found.secret
    assert (
        f"admin key: none ({tmp_path}/admin.key can be read by others; remove it, and another is made)"
        == found.sentence()
    )


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"two words that are long enough", b"\xff" * 50])
def test_a_file_that_holds_no_key_is_none(tmp_path, content):
    file = tmp_path / "admin.key"
    file.write_bytes(content)
    file.chmod(0o600)

    found = admin_key(config(tmp_path))

    assert (None, f"{file} holds no key; remove it, and another is made") == (found.secret, found.trouble)


def test_a_key_of_ones_own_can_be_put_there(tmp_path):
    (tmp_path / "admin.key").write_text("my-own-key-of-the-house\n")
    (tmp_path / "admin.key").chmod(0o600)

    assert Secret("my-own-key-of-the-house") == admin_key(config(tmp_path)).secret


def test_without_a_place_to_write_there_is_none_and_it_is_said_why(tmp_path):
    (tmp_path / "file").write_text("")

    found = admin_key(config(tmp_path / "file"))

    assert (None, None) == (found.secret, found.path)
    assert found.sentence() == f"admin key: none ({tmp_path}/file/admin.key: {os.strerror(17)})"


def test_what_a_reload_configures_stands_above_the_file(tmp_path):
    written = config(tmp_path)
    admin_key(written)

    assert Secret("new") == admin_key(replace(written, admin_key=Secret("new"))).secret
