from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bot_core.reporting.loss import improvements, loss_name, loss_of, loss_unit

if TYPE_CHECKING:
    from bot_core.documents.walk_forward import WalkForwardReport
    from tests.unit.reporting.conftest import Builder


def squared(report: WalkForwardReport) -> WalkForwardReport:
    return msgspec.structs.replace(report, comparison=msgspec.structs.replace(report.comparison, loss="squared"))


def test_the_deciding_loss_has_a_name_and_a_unit(build: Builder) -> None:
    number, chance = build.evidence().walk_forward, build.evidence(task="classification").walk_forward
    assert (loss_name(number), loss_unit(number)) == ("mean absolute error", "bps")
    assert (loss_name(squared(number)), loss_unit(squared(number))) == ("mean squared error", "bps²")
    assert (loss_name(squared(chance)), loss_unit(squared(chance))) == ("Brier score", "")


def test_squared_loss_is_the_square_of_the_rmse(build: Builder) -> None:
    report = squared(build.evidence(task="classification").walk_forward)
    assert loss_of(report.pooled, report) == report.pooled.rmse**2 == pytest.approx(report.pooled.brier)


def test_improvement_is_the_share_by_which_the_loss_is_lower(build: Builder) -> None:
    report = build.evidence(skill=0.25).walk_forward
    first = report.windows[0]
    assert improvements(report)[0] == pytest.approx(1 - first.model.mae / first.baselines["zero"].mae)


def test_no_improvement_without_the_baseline_or_over_a_perfect_one(build: Builder) -> None:
    report = build.evidence(windows=2).walk_forward
    one, two = report.windows
    perfect = {"zero": msgspec.structs.replace(two.baselines["zero"], mae=0.0)}
    cut = [msgspec.structs.replace(one, baselines={}), msgspec.structs.replace(two, baselines=perfect)]
    assert improvements(msgspec.structs.replace(report, windows=cut)) == [None, None]
