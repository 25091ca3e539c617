"""The pictures of the README: each is there, small, told in words, and made by what is here."""

import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pictures.__main__ import DOCS, LARGEST, imported
from tests.pictures.album import ALBUM
from tests.pictures.png import COLOURS, palette, written
from tests.pictures.terminal import drawn, folded

README = (DOCS.parent / "README.md").read_text(encoding="utf-8")
ALTS = {file: alt for alt, file in re.findall(r"!\[([^\]]*)\]\(docs/([^)]+)\)", README)}


@pytest.mark.parametrize("name", [f"{one.name}.png" for one in ALBUM])
def test_every_picture_is_in_the_readme_small_and_told_in_words(name):
    assert len(ALTS[name]) > 30
    assert (DOCS / name).stat().st_size < LARGEST


def test_no_picture_is_shown_that_isnt_there():
    assert [] == [file for file in ALTS if not (DOCS / file).is_file()]


def test_what_an_import_prints_is_what_the_picture_shows():
    told = re.sub(r"<[^>]+>", "", (DOCS / "import-litellm.svg").read_text(encoding="utf-8").partition("<rect")[2])
    headings = ("Mapped (", "Mapped with changed meaning (", "Not mapped (", "Set in the environment (")

    printed = imported()

    assert all(heading in printed and heading in told for heading in headings)
    assert [line for line in printed.splitlines() if line.startswith(headings)] == [
        line for line in told.splitlines() if line.startswith(headings)
    ]


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=400))
def test_a_long_line_is_folded_without_losing_a_word(line):
    parts = folded(line, 118)

    assert all(len(part) <= 118 for part in parts)
    assert "".join(line.split()) == "".join("".join(parts).split())


def test_what_is_printed_is_never_markup():
    assert "&lt;script&gt;" in drawn("<script>", title="<b>")
    assert "<script>" not in drawn("<script>", title="<b>")


def test_a_picture_of_few_colours_is_kept_as_it_is():
    pixels = np.array([0xFF0000, 0x00FF00, 0xFF0000, 0x123456], dtype=np.uint32)

    colours, places = palette(pixels)

    again = colours[places].astype(np.uint32)
    assert pixels.tolist() == (again[:, 0] << 16 | again[:, 1] << 8 | again[:, 2]).tolist()


def test_of_many_colours_those_that_are_near_stand_for_the_rest():
    pixels = np.arange(0, 0xFFFFFF, 4099, dtype=np.uint32)

    colours, places = palette(pixels)

    parts = np.stack([pixels >> 16, pixels >> 8 & 255, pixels & 255], axis=1).astype(int)
    assert len(colours) == COLOURS
    assert np.linalg.norm(parts - colours[places], axis=1).max() < 110  # across a cell of 64


def test_a_written_picture_is_a_png(tmp_path: Path):
    png = written(np.zeros((2, 3), dtype=np.uint8), np.array([[1, 2, 3]], dtype=np.uint8))

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert (3, 2, 8, 3) == struct.unpack(">IIBB", png[16:26])
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    assert b"\0" * 8 == zlib.decompress(png[start + 4 : start + 4 + length])
