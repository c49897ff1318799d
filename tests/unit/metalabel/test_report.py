from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json
from bot_core.documents.meta_label import MetaLabelReport, MetaLabelSettings, WrittenModel
from bot_core.metalabel.provenance import Provenance
from bot_core.metalabel.report import report, verdict
from bot_core.metalabel.training import train_meta_label
from tests.unit.metalabel.tables import events, table

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
WHERE = Provenance(commit="ab" * 20, clean=True, environment=sha256(b"lock"))
ARTIFACT = WrittenModel(path="artifacts/m.model.json", digest=sha256(b"model"), pickle="artifacts/m.pkl")
SETTINGS = MetaLabelSettings(model="logistic", cv_folds=3)
FEATURES = ["a", "b", "c"]


def made(folder: Path, *, signal: float, n: int = 480, seed: int = 0) -> MetaLabelReport:
    found = table(folder, events(n, signal=signal, seed=seed))
    return report(train_meta_label(found, FEATURES, SETTINGS), found, SETTINGS, WHERE, ARTIFACT, NOW)


def test_a_signal_that_can_be_learned_beats_the_base_rate_and_acting_always(tmp_path: Path) -> None:
    found = made(tmp_path, signal=0.9)
    assert (found.status, found.verdict.beats_base_rate, found.verdict.beats_every_signal) == ("ok", True, True)
    assert found.verdict.pnl is not None
    assert found.verdict.pnl.acting_bps > found.verdict.pnl.every_signal_bps
    assert found.verdict.pnl.events == 360
    assert found.metrics["roc_auc"].mean > 0.65
    assert found.metrics["roc_auc"].folds == len(found.folds) == 3
    assert max(found.feature_aucs, key=lambda name: found.feature_aucs[name]) == "a"
    assert 0.5 <= found.feature_aucs["b"] < 0.6 < found.feature_aucs["a"] < 1.0
    assert sum(one.rows for one in found.reliability) == 360
    assert (found.commit, found.environment, found.artifact) == (WHERE.commit, WHERE.environment, ARTIFACT)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_beats_nothing_and_the_report_says_so(tmp_path: Path, seed: int) -> None:
    found = made(tmp_path, signal=0.0, seed=seed)
    assert (found.status, found.verdict.beats_base_rate, found.verdict.beats_every_signal) == ("warning", False, False)


def test_it_reads_back_as_it_was_written(tmp_path: Path) -> None:
    found = made(tmp_path, signal=0.5, n=320)
    assert decode_json(encode_json(found), MetaLabelReport, "report") == found
    assert found.table.rows == 320
    assert found.table.base_rate == pytest.approx(events(320, signal=0.5)["meta_label"].mean())
    assert 0 < found.table.effective_rows < 320


def test_without_payoffs_nothing_is_said_of_money(tmp_path: Path) -> None:
    found = table(tmp_path, events(320).drop(columns=["payoff"]))
    said = verdict(train_meta_label(found, FEATURES, MetaLabelSettings(model="logistic", cv_folds=2)))
    assert (said.pnl, said.pnl_p_value, said.beats_every_signal) == (None, None, None)
    assert np.isfinite(said.brier_p_value)
