"""The changelog is one, and knows the version that it comes with."""

import re
import tomllib
from pathlib import Path

import proxy

HOME = Path(__file__).resolve().parent.parent
CHANGELOG = (HOME / "CHANGELOG.md").read_text(encoding="utf-8")
CHANGES = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_versions_in_the_changelog_have_dates_and_kinds_of_changes() -> None:
    headings = re.findall(r"(?m)^## (.*)$", CHANGELOG)
    odd = [each for each in headings if not re.fullmatch(r"\[Unreleased\]|\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each)]
    kinds = re.findall(r"(?m)^### (.*)$", CHANGELOG)

    dates = [each[-10:] for each in headings if not each.startswith("[Unreleased]")]

    assert CHANGELOG.startswith("# Changelog\n")
    assert "https://keepachangelog.com/en/1.1.0/" in CHANGELOG
    assert odd == []
    assert set(kinds) <= CHANGES
    assert kinds
    assert dates == sorted(dates, reverse=True)


def test_the_version_has_its_entry() -> None:
    version = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert version == proxy.VERSION
    assert f"## [{version}] - " in CHANGELOG
