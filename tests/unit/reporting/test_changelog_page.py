from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot_core.reporting.changelog import Changed, WorkTree, entry
from bot_core.reporting.changelog_approvals import Approval
from bot_core.reporting.changelog_page import has_section, page, page_path, prepended, section
from bot_core.reporting.numerals import NONE
from tests.evidence import write_release

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.reporting.changelog import Entry

DAY = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    released = [write_release(tmp_path, "small", DAY + dt.timedelta(days=day), beats=day > 0) for day in range(3)]
    return [entry(WorkTree(tmp_path), "small", version) for version in released]


def test_a_section_says_no_where_the_model_does_not_beat_its_baseline(entries: list[Entry]) -> None:
    worse, better, _ = (section(one) for one in entries)
    assert "**It does not beat its baseline.** Mean absolute error, bps: 6.000 against 5.000 of last_sign, 20.0" in worse
    assert "higher, p = 0.99." in worse
    assert "**It beats its baseline.**" in better
    assert "lower, p = 0.0001." in better


def test_a_section_names_data_parameters_and_digests(entries: list[Entry]) -> None:
    text = section(entries[0])
    assert f"`{entries[0].data.digest}`" in text
    assert "- Data set: eurusd, 1,400 rows, 2020-01-01 to 2021-01-01" in text
    assert "unsigned, trained from commit `000000000000`." in text
    assert "The first release: no parameters to compare with." in text
    assert "Nobody has signed it off yet." in text


def test_figures_are_a_table_with_what_the_change_means(entries: list[Entry]) -> None:
    text = section(entries[1])
    assert "| Mean absolute error, bps | 4.000 | 5.000 | 6.000 | better |" in text
    assert "| equal |" in section(entries[2])
    assert "| worse |" in section(replace(entries[1], figures=(replace(entries[1].figures[0], model=7.0),)))


def test_parameters_are_changed_unchanged_or_unknown(entries: list[Entry]) -> None:
    one = entries[1]
    assert "cannot be said" in section(one)
    assert "No parameter changed" in section(replace(one, parameters=()))
    changed = Changed(key="model.penalty", before="10.0", now="2.0|3")
    assert "| model.penalty | 10.0 | 2.0\\|3 |" in section(replace(one, parameters=(changed,)))


def test_approvals_are_shown_with_those_that_prove_nothing(entries: list[Entry]) -> None:
    yes = Approval(environment="paper", role="risk", signer="ann", decision="approve", issued=DAY)
    bad = Approval(environment="paper", role="data", signer="eve", decision="unproven", issued=None, problem="SIG-BAD")
    text = section(replace(entries[0], approvals=(yes, bad)))
    assert "| paper | risk | ann | approve | 2026-11-20 00:00 UTC |" in text
    assert f"| paper | data | eve | proves nothing (SIG-BAD) | {NONE} |" in text


def test_the_newest_release_is_on_top(entries: list[Entry]) -> None:
    text = page("small", entries)
    assert page_path("small") == "docs/releases/small.md"
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [one.version for one in reversed(entries)]
    assert text.endswith("\n")


def test_a_page_that_grew_release_by_release_is_the_page_written_at_once(entries: list[Entry]) -> None:
    grown: str | None = None
    for one in entries:
        grown = prepended(grown, "small", one)
    assert grown == page("small", entries)


def test_a_page_says_of_which_releases_it_tells(entries: list[Entry]) -> None:
    text = page("small", entries[:2])
    assert [has_section(text, one.version) for one in entries] == [True, True, False]
    assert not has_section(None, entries[0].version)


def test_a_release_that_is_said_again_replaces_what_was_said(entries: list[Entry]) -> None:
    signed = replace(entries[2], manifest="sha256:00", authors=("eve",))
    assert prepended(page("small", entries), "small", signed) == page("small", [*entries[:2], signed])
