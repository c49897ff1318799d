from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot_core.metalabel.wording import lines
from tests.unit.metalabel.test_report import made

if TYPE_CHECKING:
    from pathlib import Path


def test_a_report_says_what_was_shown_and_what_was_not(tmp_path: Path) -> None:
    good = "\n".join(lines(made(tmp_path, signal=0.9)))
    assert "480 events from 2026-01-01T00:00:00Z to 2026-01-20T23:00:00Z" in good
    assert "the probabilities are better than the base rate: by +" in good
    assert "signals pays more than acting on every signal: +" in good
    assert "acting on none would have paid 0" not in good
    noise = "\n".join(lines(made(tmp_path, signal=0.0, seed=2)))
    assert "the probabilities are not shown to be better than the base rate" in noise
    assert "is not shown to pay more than acting on every signal" in noise


def test_each_fold_has_a_line_in_the_columns_of_the_heading(tmp_path: Path) -> None:
    said = list(lines(made(tmp_path, signal=0.9)))
    heading = next(i for i, line in enumerate(said) if line.startswith("  fold"))
    assert [line.split()[0] for line in said[heading + 1 : heading + 4]] == ["1", "2", "3"]
    assert all(abs(len(line) - len(said[heading])) <= 1 for line in said[heading + 1 : heading + 4])


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    found = made(tmp_path, signal=0.5)
    bare = replace(
        found,
        table=replace(found.table, start_column=None),
        folds=[replace(fold, test=None, scores=replace(fold.scores, roc_auc=None)) for fold in found.folds],
        verdict=replace(found.verdict, pnl=None, pnl_p_value=None),
    )
    said = "\n".join(lines(bare))
    assert "the table does not say when its events happened" in said
    assert "the table has no payoffs: the threshold is the one with the best F1" in said
    losing = replace(found.verdict, pnl=replace(found.verdict.pnl, acting_bps=-0.5)) if found.verdict.pnl else found.verdict
    assert "acting on none would have paid 0" in list(lines(replace(found, verdict=losing)))
