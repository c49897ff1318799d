"""The answers at the top of a card, in plain words. Of a model that does not beat its baseline they say NO, and by which figure.

No answer claims more than its test: profit and direction carry no significance test, so they are figures, not a yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot_core.documents.artifact import EnsembleState
from bot_core.reporting.loss import improvements, loss_name, loss_unit
from bot_core.reporting.numerals import count, figure, moment, p_value, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.documents.artifact import TrainedModel
    from bot_core.documents.data_quality import DataQualityReport
    from bot_core.documents.drift import DriftReport
    from bot_core.documents.walk_forward import WalkForwardReport
    from bot_core.reporting.evidence import Evidence

Tone = Literal["ok", "warning", "critical", "neutral"]
NAMED_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """A reader's question, the answer in a word, and the sentence that backs it."""

    question: str
    tone: Tone
    word: str
    sentence: str


def predicts(evidence: Evidence) -> str:
    """Say what the model predicts, of what, in which unit."""
    meta = evidence.trained.metadata
    what = "a probability between 0 and 1" if meta.task == "classification" else f"a number in {meta.unit}"
    names = len(evidence.trained.feature_names)
    return f"Predicts {what}: {meta.target}, for {meta.instrument}, from {count(names)} feature{'s' * (names != 1)}."


def family(trained: TrainedModel) -> str:
    """Say what kind of model it is; of an ensemble, what is made of whose answers."""
    state, objective = trained.model_state, trained.metadata.objective
    names = len(trained.feature_names)
    features = f"{count(names)} feature{'s' * (names != 1)}"
    if not isinstance(state, EnsembleState):
        return f"{trained.backend}, {objective}, {features}"
    parts = [one.name if one.weight is None else f"{one.name} ({one.weight:g})" for one in state.members]
    return f"ensemble, {state.aggregation} of {' and '.join(parts)}, {objective}, {features}"


def members(trained: TrainedModel) -> list[tuple[str, str]]:
    """Name an ensemble's members with the digests of what they learned; nothing for any other model."""
    state = trained.model_state
    return [(member.name, member.digest) for member in state.members] if isinstance(state, EnsembleState) else []


def verdict(evidence: Evidence) -> Answer:
    """Answer whether the model beats its best naive baseline."""
    report = evidence.walk_forward
    question = "Does it beat its naive baseline?"
    if not report.baselines:
        return Answer(question, "warning", "NO", "No naive baseline was measured, so nothing shows that the model is of use.")
    if report.comparison.beats_baseline:
        return Answer(question, "ok", "YES", f"{_gap(report)} {_certainty(report)} {_scope(report)}")
    return Answer(question, "warning", "NO", f"{_gap(report)} {_certainty(report)} {_scope(report)}")


def answers(evidence: Evidence) -> tuple[Answer, ...]:
    """Answer what a Risk officer asks next: money, direction, data, drift."""
    money = _money(evidence.walk_forward)
    return (
        *([money] if money else []),
        _direction(evidence.walk_forward),
        _quality(evidence.quality),
        _drift(evidence.drift),
    )


def _gap(report: WalkForwardReport) -> str:
    duel = report.comparison
    unit = f"\u00a0{loss_unit(report)}" if loss_unit(report) else ""
    ours, theirs = figure(duel.model_loss) + unit, figure(duel.baseline_loss) + unit
    return f"Its {loss_name(report)} is {ours}, {_distance(duel.improvement)} the best baseline's {theirs} ({duel.baseline})."


def _distance(improvement: float) -> str:
    if improvement == 0:
        return "equal to"
    decimals = 2 if abs(improvement) < 0.01 else 1  # noqa: PLR2004  # below one per cent
    return f"{percent(abs(improvement), decimals=decimals)} {'lower' if improvement > 0 else 'higher'} than"


def _certainty(report: WalkForwardReport) -> str:
    duel = report.comparison
    p, limit = p_value(duel.p_value), figure(duel.significance, digits=1)
    shown = f"p\u00a0{p}" if p[0] in "<>" else f"p\u00a0=\u00a0{p}"
    if duel.beats_baseline:
        return f"That is more than chance explains: {shown}, below {limit}."
    if duel.improvement > 0:
        return f"That may be chance: {shown}, and below {limit} is asked."
    return f"Nothing speaks for the model: {shown}, and below {limit} is asked."


def _scope(report: WalkForwardReport) -> str:
    gains = [gain for gain in improvements(report) if gain is not None]
    better = sum(gain > 0 for gain in gains)
    return f"It was ahead in {better} of {len(gains)} test windows, {count(report.pooled.rows)} rows that it had not seen."


def _money(report: WalkForwardReport) -> Answer | None:
    mean = report.pooled.expected_pnl_bps
    if mean is None:
        return None
    earned = [window.model.expected_pnl_bps or 0.0 for window in report.windows]
    won = sum(pnl > 0 for pnl in earned)
    best = report.baselines.get(report.comparison.baseline)
    rival = best.expected_pnl_bps if best else None
    beside = "" if rival is None else f" The best baseline: {figure(rival, digits=3, sign=True)}."
    cost = figure(report.round_trip_cost_bps, digits=2)
    rows = f"{count(report.pooled.rows)} unseen rows{_trades(report)}"
    sentence = (
        f"Per row, over {rows}, after {cost} bps of round-trip cost; above zero in {won} of {len(earned)} windows.{beside} "
        "Not tested for chance."
    )
    return Answer("What would it have earned?", "neutral", f"{figure(mean, digits=3, sign=True)} bps", sentence)


def _trades(report: WalkForwardReport) -> str:
    if report.pooled.trades is None:
        return ""
    return ", all traded" if report.pooled.trades == report.pooled.rows else f", {count(report.pooled.trades)} of them traded"


def _direction(report: WalkForwardReport) -> Answer:
    pooled = report.pooled
    low, high = pooled.directional_accuracy_low, pooled.directional_accuracy_high
    best = report.baselines.get(report.comparison.baseline)
    rival = "" if best is None else f" The best baseline: {percent(best.directional_accuracy)}."
    luck = " One half lies inside: no better than a coin." if low <= 0.5 <= high else ""  # noqa: PLR2004  # a fair coin
    sentence = f"Rows on the right side; 95\u00a0% interval {percent(low)} to {percent(high)}.{luck}{rival}"
    question = "How often is it right?" if report.task == "classification" else "How often is the direction right?"
    return Answer(question, "neutral", percent(pooled.directional_accuracy), sentence)


def _quality(report: DataQualityReport) -> Answer:
    usable = "all usable" if report.usable_rows == report.rows else f"{count(report.usable_rows)} usable"
    parts = [f"{count(report.rows)} rows, {usable}."]
    if not report.findings:
        parts.append("Nothing was found.")
    else:
        parts.append(f"Found: {_listed([finding.code for finding in report.findings])}.")
        over = [finding.code for finding in report.remaining if finding.status != "ok"]
        parts.append(f"Over a limit after repairs: {_listed(over) or 'none'}.")
    return Answer("Is the data sound?", report.status, _status_word(report.status), " ".join(parts))


def _drift(report: DriftReport) -> Answer:
    drifted = [feature.feature for feature in report.features if feature.drifted]
    moved = f"{len(drifted)} of {len(report.features)} features ({percent(report.drifted_share)}) moved"
    names = f": {_listed(drifted)}" if drifted else ""
    sentence = (
        f"{moved}{names}. The newest {count(report.window.rows)} rows ({moment(report.window.first)} to "
        f"{moment(report.window.last)}) "
        f"against {count(report.reference.rows)} training rows."
    )
    if report.not_watched:
        sentence += f" Not watched: {', '.join(report.not_watched)}."
    return Answer("Has the data moved since training?", report.status, _status_word(report.status), sentence)


def _status_word(status: str) -> str:
    return {"ok": "OK", "warning": "Warning", "critical": "Critical"}[status]


def _listed(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    more = len(shown) - NAMED_AT_MOST
    return ", ".join(shown[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
