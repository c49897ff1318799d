"""Is the challenger better than the champion, or at least not worse? Both frozen, on the same rows, paired; rows that taught neither.

Each model stopped learning before its own test part began, purged and embargoed when it was trained. The rows that count are those from
the later of the two beginnings on: out of sample for both, labels of training and of stopping included. Losses are taken as the
walk-forward takes them. The interval of the mean difference uses Newey and West's variance with the small-sample correction of Harvey,
Leybourne and Newbold, read against Student's t, as `bot_core.ai.comparison` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import stdtrit

from bot_core.ai.comparison import long_run, losses
from bot_core.ai.windows import label_overlap, utc
from bot_core.documents.contest import ContestReport, ContestWindow, Verdict
from bot_core.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot_core.config.schedule import Proposal
    from bot_core.documents.walk_forward import WalkForwardReport
    from bot_core.features.dataset import FeatureDataset

    Floats = NDArray[np.float64]

WINDOWS = 6


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model that learns no more: its version or digest, how it predicts, its view of the rows, and its test part's ends (UTC)."""

    name: str
    predict: Callable[[Floats], Floats]
    rows: FeatureDataset
    unseen_from: np.datetime64
    judged_to: np.datetime64


def contest(
    model: str, champion: Contestant, challenger: Contestant, loss: Literal["absolute", "squared"], rules: Proposal
) -> ContestReport:
    """Compare two models that were asked the same question.

    Args:
        model: the roster's name for both.
        champion: named by its version.
        challenger: named by the digest of what it learned.
        loss: of a prediction against the target.
        rules: what is required.

    Raises:
        DatasetError: the two see other targets at the same times.
    """
    ours, theirs = _paired(challenger, champion)
    lost = _losses(champion, theirs, loss), _losses(challenger, ours, loss)
    gain = lost[0] - lost[1]
    means = (float(lost[0].mean()), float(lost[1].mean())) if len(gain) else (0.0, 0.0)
    lack = _lack(ours, champion, rules)
    span = None if lack else interval(gain, label_overlap(ours.times, ours.label_ends), rules.confidence)
    verdict, reason = judged(span, means[0], rules) if span else ("unproven", lack)
    return ContestReport(
        model=model,
        champion_version=champion.name,
        challenger=challenger.name,
        loss=loss,
        windows=_windows(ours, *lost),
        rows=len(gain),
        champion_loss=means[0],
        challenger_loss=means[1],
        difference=float(gain.mean()) if len(gain) else 0.0,
        low=span[0] if span else None,
        high=span[1] if span else None,
        confidence=rules.confidence,
        require=rules.require,
        margin=rules.margin,
        verdict=verdict,
        reason=reason,
    )


def uncontested(model: str, challenger: str, report: WalkForwardReport, rules: Proposal) -> ContestReport:
    """Judge a model that follows nobody by its walk-forward: better where it beats its naive baseline, else unproven."""
    found = report.comparison
    verdict: Verdict = "better" if found.beats_baseline else "unproven"
    beats = "beats" if found.beats_baseline else "does not beat"
    return ContestReport(
        model=model,
        champion_version=None,
        challenger=challenger,
        loss=found.loss,
        windows=[],
        rows=sum(window.model.rows for window in report.windows),
        champion_loss=found.baseline_loss,
        challenger_loss=found.model_loss,
        difference=found.baseline_loss - found.model_loss,
        low=None,
        high=None,
        confidence=rules.confidence,
        require=rules.require,
        margin=rules.margin,
        verdict=verdict,
        reason=f"there is no champion; the walk-forward {beats} {found.baseline} (p = {found.p_value:.3f})",
    )


def interval(gain: Floats, overlap: int, confidence: float) -> tuple[float, float]:
    """Return the two-sided interval of the mean of (n,) paired differences in order of time; `overlap` labels are alive at once."""
    n = len(gain)
    spread, correction = long_run(gain, overlap)
    reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * sqrt(spread / n) / correction
    mean = float(gain.mean())
    return mean - reach, mean + reach


def judged(span: tuple[float, float], champion_loss: float, rules: Proposal) -> tuple[Verdict, str]:
    """Turn an interval of (champion's loss - challenger's loss) into a verdict and its sentence."""
    low, high = (f"{100 * bound / champion_loss:+.2f} %" if champion_loss > 0 else f"{bound:+.4g}" for bound in span)
    said = f"the challenger's loss is lower by {low} to {high} of the champion's, at {rules.confidence:.0%} confidence"
    if span[0] > 0:
        return "better", said
    if span[1] < 0:
        return "worse", said
    if span[0] >= -rules.margin * champion_loss:
        return "not_worse", f"{said}, within the margin of {rules.margin:.1%}"
    return "unproven", f"{said}, and the margin is {rules.margin:.1%}"


def _paired(challenger: Contestant, champion: Contestant) -> tuple[FeatureDataset, FeatureDataset]:
    """Return the rows that taught neither, as each sees them, at equal times."""
    since = max(challenger.unseen_from, champion.unseen_from)
    ours, theirs = challenger.rows.labelled(), champion.rows.labelled()
    ours, theirs = ours.rows(np.flatnonzero(ours.times >= since)), theirs.rows(np.flatnonzero(theirs.times >= since))
    if np.array_equal(ours.times, theirs.times):  # events of one time stand for themselves
        pair = ours, theirs
    else:
        _, mine, yours = np.intersect1d(ours.times, theirs.times, return_indices=True)
        pair = ours.rows(mine), theirs.rows(yours)
    if not np.array_equal(pair[0].targets, pair[1].targets):
        msg = "contest: expected one target for both models, got other values at the same times"
        raise DatasetError(msg, hint="a model with another target is another model: give it a name of its own in params.yaml")
    return pair


def _losses(one: Contestant, rows: FeatureDataset, kind: Literal["absolute", "squared"]) -> Floats:
    return losses(rows.targets, one.predict(rows.values), kind)


def _lack(rows: FeatureDataset, champion: Contestant, rules: Proposal) -> str:
    """Say what is missing for a comparison; nothing where nothing is."""
    if len(rows) < rules.least_rows:
        return f"{len(rows)} rows that taught neither, of {rules.least_rows} that are needed"
    new = float((rows.times > champion.judged_to).mean())
    return f"{new:.1%} of the rows are newer than the champion's, of {rules.share_new:.1%}" if new < rules.share_new else ""


def _windows(rows: FeatureDataset, champion: Floats, challenger: Floats) -> list[ContestWindow]:
    parts = [part for part in np.array_split(np.arange(len(rows)), WINDOWS) if len(part)]
    return [
        ContestWindow(
            first=utc(rows.times[part[0]]),
            last=utc(rows.times[part[-1]]),
            rows=len(part),
            champion_loss=float(champion[part].mean()),
            challenger_loss=float(challenger[part].mean()),
        )
        for part in parts
    ]
