from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import DocumentError
from bot_core.reporting.changelog import WorkTree, entry, models, versions
from bot_core.reporting.numerals import NONE
from tests.evidence import write_release

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "small"
DAY = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def configured(root: Path, version: str, **config: object) -> None:
    path = root / f"audit/ai_decision/config/{version}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"model": {"penalty": 10.0}, "seed": 7, **config}))


@pytest.fixture
def first(tmp_path: Path) -> str:
    version = write_release(tmp_path, MODEL, DAY, beats=False)
    configured(tmp_path, version)
    return version


@pytest.fixture
def second(tmp_path: Path, first: str) -> str:
    assert first
    version = write_release(tmp_path, MODEL, DAY + dt.timedelta(days=1))
    configured(tmp_path, version, model={"penalty": 2.0, "balanced": True})
    return version


def test_releases_are_artifacts_oldest_first(tmp_path: Path, first: str, second: str) -> None:
    (tmp_path / f"models/{MODEL}/rollback_target.json").write_text("{}")
    assert versions(WorkTree(tmp_path), MODEL) == [first, second]
    assert models(WorkTree(tmp_path)) == [MODEL]


def test_nothing_released_is_nothing(tmp_path: Path) -> None:
    assert (models(WorkTree(tmp_path)), versions(WorkTree(tmp_path), MODEL)) == ([], [])


def test_an_entry_says_where_it_comes_from(tmp_path: Path, first: str) -> None:
    found = entry(WorkTree(tmp_path), MODEL, first)
    assert (found.model, found.version, found.released, found.commit) == (MODEL, first, DAY, "0" * 40)
    assert (found.data.name, found.data.rows, found.data.training_rows) == ("eurusd", 1400, 1000)
    assert found.data.digest.startswith("sha256:")
    assert (found.kind, found.seed, found.rounds) == ("linear, l2, 2 features", 7, 1)
    assert (found.authors, found.manifest, found.brought_by, found.approvals) == ((), None, None, ())


def test_the_first_release_has_nothing_to_compare_with(tmp_path: Path, first: str) -> None:
    found = entry(WorkTree(tmp_path), MODEL, first)
    assert (found.before, found.parameters) == (None, None)
    assert {figure.before for figure in found.figures} == {None}


def test_figures_stand_beside_the_baseline_and_the_release_before(tmp_path: Path, first: str, second: str) -> None:
    found = entry(WorkTree(tmp_path), MODEL, second)
    loss, direction = found.figures
    assert (loss.name, loss.model, loss.baseline, loss.before) == ("Mean absolute error, bps", 4.0, 5.0, 6.0)
    assert (direction.model, direction.is_share, direction.more_is_better) == (0.6, True, True)
    assert (found.before, found.verdict.beats_baseline, found.verdict.baseline) == (first, True, "last_sign")
    assert not entry(WorkTree(tmp_path), MODEL, first).verdict.beats_baseline


def test_only_parameters_that_changed_are_named(tmp_path: Path, second: str) -> None:
    found = entry(WorkTree(tmp_path), MODEL, second).parameters
    assert found is not None
    assert [(one.key, one.before, one.now) for one in found] == [
        ("model.balanced", NONE, "true"),
        ("model.penalty", "10.0", "2.0"),
    ]


def test_the_same_configuration_trained_again_has_no_change(tmp_path: Path, first: str) -> None:
    assert first
    again = write_release(tmp_path, MODEL, DAY + dt.timedelta(days=2))
    configured(tmp_path, again)
    assert entry(WorkTree(tmp_path), MODEL, again).parameters == ()


def test_a_configuration_that_was_not_archived_is_unknown_and_not_unchanged(tmp_path: Path, first: str) -> None:
    assert first
    again = write_release(tmp_path, MODEL, DAY + dt.timedelta(days=2))
    assert entry(WorkTree(tmp_path), MODEL, again).parameters is None


def test_a_release_that_predicted_something_else_is_no_comparison(tmp_path: Path, first: str, second: str) -> None:
    path = tmp_path / f"audit/ai_decision/walk_forward/{first}.json"
    path.write_text(path.read_text().replace('"unit": "bps"', '"unit": "hours"'))
    assert {figure.before for figure in entry(WorkTree(tmp_path), MODEL, second).figures} == {None}


def test_the_same_files_give_the_same_entry(tmp_path: Path, second: str) -> None:
    assert entry(WorkTree(tmp_path), MODEL, second) == entry(WorkTree(tmp_path), MODEL, second)


def test_a_report_that_is_gone_is_a_sentence(tmp_path: Path, first: str) -> None:
    path = f"audit/ai_decision/walk_forward/{first}.json"
    (tmp_path / path).unlink()
    with pytest.raises(DocumentError, match=rf"^{path}: expected the document of a release, got no file"):
        entry(WorkTree(tmp_path), MODEL, first)
