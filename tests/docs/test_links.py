"""Every link and picture of README, CONTRIBUTING, CHANGELOG and docs/ leads to a file, and to a heading of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES

LINK = re.compile(r"\]\((?P<target>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")
LARGEST_PICTURE = 300_000


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^```.*?^```$", "", page.read_text()))
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for found in LINK.finditer(re.sub(r"(?ms)^```.*?^```$", "", page.read_text())):
        target = page.parent / found["target"] if found["target"] else page
        if "://" in found["target"]:
            continue
        if not target.exists() or (found["anchor"] and found["anchor"] not in _anchors(target)):
            dead.append(found[0])
    assert dead == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.parts[0] == "docs"], ids=str)
def test_pages_of_the_site_link_within_the_site(page: Path) -> None:
    targets = [found["target"] for found in LINK.finditer(page.read_text()) if found["target"] and "://" not in found["target"]]
    outside = [target for target in targets if not (page.parent / target).resolve().is_relative_to(Path("docs").resolve())]
    assert outside == []


@pytest.mark.parametrize("picture", sorted(Path("docs/images").glob("*")), ids=str)
def test_a_picture_is_small_enough_for_git(picture: Path) -> None:
    assert picture.stat().st_size <= LARGEST_PICTURE


def test_paths_named_in_code_exist() -> None:
    named = {
        (page, name)
        for page in PAGES
        for name in re.findall(r"`((?:bot_core|conf|pipelines|tests|scripts|data|requirements|docs)/[\w./-]*\w)`", page.read_text())
    }
    assert [(str(page), name) for page, name in sorted(named) if not Path(name).exists()] == []
