"""What a drift report says, in plain sentences, beside what the model's evidence says and how fresh its data were. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.documents.online_drift import OnlineDrift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.drift import DriftReport
    from bot_core.documents.monitoring import InferenceDrift
    from bot_core.documents.online_drift import DetectorState
    from bot_core.documents.walk_forward import WalkForwardReport

    AnyDrift = OnlineDrift | InferenceDrift | DriftReport

NAMES = {"output": "the answers", "error": "the errors", "mass": "many series at once"}
MEANING = {
    "warning": "a warning: the looser bound was crossed, the stricter one was not",
    "drift": "drift: the stricter bound was crossed",
    "mass": "mass drift: limits shrink until the report is answered",
}
SHOWN = 8
"""Features of the context, or names, in one line."""


def explain(report: AnyDrift, evidence: WalkForwardReport | None) -> Iterator[str]:
    """Yield what a report says, a sentence a line."""
    if isinstance(report, OnlineDrift):
        yield from _online(report)
    else:
        yield from _windowed(report)
    yield _evidence(report.model, evidence)


def _online(report: OnlineDrift) -> Iterator[str]:
    release = f" {report.version}" if report.version else ""
    yield f"{report.model}{release} in {report.environment}, {report.timestamp}: {MEANING[report.level]}"
    yield f"source      {report.source}, which answers for {report.target}"
    yield f"signal      {_what(report.signal)}"
    if report.detector is not None:
        yield f"seen        {_seen(report.detector)}"
    if report.series:
        yield f"series      {len(report.series)} of {report.watched}: {', '.join(f'{one.target} {one.signal}' for one in report.series)}"
    if report.suppressed:
        yield f"unsaid      {report.suppressed} alarms of this series came too soon after the one before"
    yield f"confidence  {'of an outcome there is none' if report.confidence is None else f'{report.confidence:.3g}, the model said then'}"
    yield f"context     {_context(report)}"
    yield f"data        {_freshness(report)}"


def _windowed(report: InferenceDrift | DriftReport) -> Iterator[str]:
    drifted = [feature.feature for feature in report.features if feature.drifted]
    names = ", ".join(drifted[:SHOWN]) + (" …" if len(drifted) > SHOWN else "")
    yield f"{report.model}: {report.status}, {report.drifted_share:.0%} of {len(report.features)} features drifted"
    yield f"signal      {names or 'none'}"
    yield f"data        {report.window.rows} rows from {report.window.first} to {report.window.last}"


def _what(signal: str) -> str:
    return f"the input {signal.removeprefix('input:')}" if signal.startswith("input:") else NAMES.get(signal, signal)


def _seen(state: DetectorState) -> str:
    parameters = ", ".join(f"{name} {value:g}" for name, value in state.parameters.items())
    statistic = "" if state.statistic is None else f"; {state.statistic:.3g} against a bound of {state.bound:g}"
    means = f"the mean went from {state.before:.4g} to {state.after:.4g}"
    return f"{means}; {state.detector} over {state.width} values ({parameters}){statistic}"


def _context(report: OnlineDrift) -> str:
    found = report.context
    said = [f"{name} {value:.4g}" if value is not None else f"{name} none" for name, value in [*found.features.items()][:SHOWN]]
    text = [f"the text {found.text!r}"] if found.text is not None else []
    figures = {"output": found.output, "error": found.error}
    return ", ".join([*said, *text, *(f"{name} {value:.4g}" for name, value in figures.items() if value is not None)])


def _freshness(report: OnlineDrift) -> str:
    fresh = report.freshness
    known = fresh.data is not None and fresh.age_s is not None
    age = f"from {fresh.data}, {fresh.age_s:.0f} s old" if known else "nobody said when they are from"
    return f"{age}; {fresh.observations} values since {fresh.since}, {fresh.missing} more were no number"


def _evidence(model: str, evidence: WalkForwardReport | None) -> str:
    if evidence is None:
        return f"evidence    no walk-forward report of {model} is here"
    duel = evidence.comparison
    verdict = "beats" if duel.beats_baseline else "does not beat"
    figures = f"{duel.model_loss:.4g} against {duel.baseline_loss:.4g}, p = {duel.p_value:.2g}"
    return f"evidence    out of sample it {verdict} {duel.baseline}: {duel.loss} loss {figures}, {evidence.pooled.rows} rows"
