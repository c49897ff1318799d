from __future__ import annotations

import msgspec
import pytest

from bot_core.documents.online_drift import Context
from bot_core.routing.explanation import explain
from tests.drifting import VERSION, online_drift
from tests.evidence import walk_forward
from tests.monitored import inference_drift


def test_a_report_is_explained_line_by_line() -> None:
    assert list(explain(online_drift(version=VERSION), None)) == [
        f"rf_rule {VERSION} in paper, 2026-11-21T12:00:00Z: drift: the stricter bound was crossed",
        "source      signal:rf_rule, which answers for signal",
        "signal      the input a",
        "seen        the mean went from 0.5 to 4.5; adwin over 64 values (delta 0.002, warning 0.02, clock 32)",
        "confidence  0.25, the model said then",
        "context     a 1.5, b none, output -0.25",
        "data        from 2026-11-21T11:00:00Z, 3600 s old; 500 values since 2026-11-01T00:00:00Z, 3 more were no number",
        "evidence    no walk-forward report of rf_rule is here",
    ]


def test_mass_drift_names_its_series() -> None:
    lines = list(explain(online_drift("mass"), None))
    assert "series      2 of 4: signal input:a, signal input:b" in lines
    assert lines[0].endswith("mass drift: limits shrink until the report is answered")
    assert not [line for line in lines if line.startswith("seen")]


@pytest.mark.parametrize(("signal", "words"), [("output", "the answers"), ("error", "the errors"), ("input:x", "the input x")])
def test_a_series_is_put_in_words(signal: str, words: str) -> None:
    assert f"signal      {words}" in list(explain(online_drift(signal=signal), None))


def test_what_is_not_known_is_said() -> None:
    report = online_drift("warning")
    blind = msgspec.structs.replace(
        report,
        confidence=None,
        suppressed=4,
        context=Context(text="Profit rises.", error=0.5),
        freshness=msgspec.structs.replace(report.freshness, data=None, age_s=None),
    )
    lines = list(explain(blind, None))
    assert "confidence  of an outcome there is none" in lines
    assert "unsaid      4 alarms of this series came too soon after the one before" in lines
    assert "context     the text 'Profit rises.', error 0.5" in lines
    assert any("nobody said when they are from" in line for line in lines)


@pytest.mark.parametrize("beats", [True, False])
def test_evidence_is_put_beside_it(*, beats: bool) -> None:
    evidence = walk_forward("rf_rule", beats=beats)
    (*_, last) = explain(online_drift(), evidence)
    assert f"out of sample it {'beats' if beats else 'does not beat'} {evidence.comparison.baseline}" in last
    assert f"{evidence.pooled.rows} rows" in last


def test_a_report_of_a_window_is_explained_too() -> None:
    lines = list(explain(inference_drift("critical"), None))
    assert lines[0].startswith("eurusd_range: critical, ")
    assert lines[2].startswith("data        100 rows from 2026-11-21T00:00:00Z")
