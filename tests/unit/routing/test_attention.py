from __future__ import annotations

import datetime as dt
import math

import pytest

from bot_core._parse import encode_json
from bot_core.config.routing import DriftWatch, MassDrift, Watch
from bot_core.documents.kinds import KINDS
from bot_core.documents.online_drift import OnlineDrift
from bot_core.documents.validation import violations
from bot_core.routing.attention import Attention, Occasion
from bot_core.routing.panel import Heard, Panel
from bot_core.routing.series import Alarm
from tests.drifting import HOUR, NOON, STATE, VERSION

SIGNAL = Panel("signal", Watch(), NOON - HOUR)
ANSWER = Occasion("signal", "signal:m", "m", VERSION, 0.25, {"a": 1.5, "b": math.nan}, output=-0.25, data=NOON - HOUR)


def attention(least: int = 2, share: float = 0.5) -> Attention:
    config = DriftWatch(quiet="2h", mass=MassDrift(least=least, share=share, within="6h"))
    return Attention(config, "paper", lambda: 4, ("m", VERSION))


def hear(who: Attention, signal: str, level: str = "drift", hours: float = 0.0) -> list[OnlineDrift]:
    heard = Heard(signal, Alarm(level, STATE), 500, 3)  # type: ignore[arg-type]  # one of two words
    return list(who.reports(heard, SIGNAL, ANSWER, NOON + dt.timedelta(hours=hours)))


def test_a_report_says_source_signal_confidence_context_and_freshness() -> None:
    (report,) = hear(attention(), "input:a")
    assert (report.source, report.signal, report.confidence) == ("signal:m", "input:a", 0.25)
    assert (report.model, report.version, report.environment, report.timestamp) == ("m", VERSION, "paper", "2026-11-21T12:00:00Z")
    assert (report.context.features, report.context.output) == ({"a": 1.5, "b": None}, -0.25)
    assert (report.freshness.data, report.freshness.age_s) == ("2026-11-21T11:00:00Z", 3600.0)
    assert (report.freshness.since, report.freshness.observations, report.freshness.missing) == ("2026-11-21T11:00:00Z", 500, 3)
    assert report.detector == STATE


@pytest.mark.parametrize(("level", "drift", "warning"), [("drift", True, False), ("warning", False, True)])
def test_the_founding_names_say_the_same_as_the_level(level: str, *, drift: bool, warning: bool) -> None:
    (report,) = hear(attention(), "output", level)
    assert (report.level, report.drift, report.warning, report.status) == (level, drift, warning, "warning")


def test_nothing_is_said_twice_within_the_quiet_span_but_counted() -> None:
    who = attention(least=9)
    assert [len(hear(who, "output", hours=hours)) for hours in (0.0, 0.5, 1.9)] == [1, 0, 0]
    (later,) = hear(who, "output", hours=2.0)
    assert later.suppressed == 2
    assert hear(who, "output", hours=4.0)[0].suppressed == 0


def test_another_series_or_level_is_another_matter() -> None:
    who = attention(least=9)
    assert [
        len(hear(who, signal, level)) for signal, level in (("output", "warning"), ("output", "drift"), ("error", "drift"))
    ] == [1] * 3


def test_a_share_of_all_series_within_the_span_is_mass_drift_once() -> None:
    who = attention()
    assert [report.level for report in hear(who, "output")] == ["drift"]
    own, mass = hear(who, "error", hours=5.0)
    assert (own.level, mass.level, mass.status, mass.signal, mass.detector) == ("drift", "mass", "critical", "mass", None)
    assert [(one.target, one.signal, one.timestamp) for one in mass.series] == [
        ("signal", "output", "2026-11-21T12:00:00Z"),
        ("signal", "error", "2026-11-21T17:00:00Z"),
    ]
    assert (mass.model, mass.version, mass.watched) == ("m", VERSION, 4)
    assert [report.level for report in hear(who, "input:a", hours=6.0)] == ["drift"]


def test_what_drifted_longer_ago_or_only_warned_is_not_mass_drift() -> None:
    who = attention()
    hear(who, "output")
    assert [report.level for report in hear(who, "error", hours=7.0)] == ["drift"]
    assert [report.level for report in hear(who, "input:a", "warning", hours=7.0)] == ["warning"]


def test_drift_that_is_not_said_counts_all_the_same() -> None:
    who = attention()
    hear(who, "output", hours=0.0)
    assert hear(who, "output", hours=1.9) == []
    assert [report.level for report in hear(who, "error", hours=7.5)] == ["drift", "mass"]


def test_mass_drift_is_the_trading_model_s_whatever_drifted() -> None:
    who, news = attention(), Occasion("sentiment", "sentiment:finbert", "finbert", None, 0.9, text="x" * 300, output=0.5)
    hear(who, "output")
    own, mass = who.reports(Heard("output", Alarm("drift", STATE), 9, 0), Panel("sentiment", Watch(), NOON), news, NOON)
    assert (own.model, own.version, len(own.context.text or "")) == ("finbert", None, 256)
    assert (mass.model, mass.version, mass.target) == ("m", VERSION, "sentiment")


def test_nobody_need_say_when_the_data_are_from() -> None:
    (report,) = attention().reports(
        Heard("error", Alarm("drift", STATE), 9, 0), SIGNAL, ANSWER._replace(data=None, error=0.5), NOON
    )
    assert (report.freshness.data, report.freshness.age_s, report.context.error) == (None, None, 0.5)


@pytest.mark.parametrize(("confidence", "said"), [(1.0, 1.0), (4.2, None), (math.nan, None), (None, None)])
def test_a_confidence_that_is_none_is_not_said(confidence: float | None, said: float | None) -> None:
    odd = ANSWER._replace(confidence=confidence, features={"a": None}, output=math.inf)  # type: ignore[dict-item]  # as journals have it
    (report,) = attention().reports(Heard("error", Alarm("drift", STATE), 9, 0), SIGNAL, odd, NOON)
    assert (report.confidence, report.context.features, report.context.output) == (said, {"a": None}, None)
    assert violations(next(kind for kind in KINDS if kind.document is OnlineDrift), encode_json(report), "report") == []
