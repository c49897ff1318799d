"""What is said of a release, when, and that each thing is said once."""

from __future__ import annotations

import datetime as dt

import pytest

from bot_core._parse import convert, decode_json, encode_json
from bot_core.ai.degradation import Losses
from bot_core.ai.live_performance import Row
from bot_core.ai.performance_judge import PerformanceJudge, Whose, span
from bot_core.config.monitoring import DegradationConfig
from bot_core.documents.degradation import DegradationReport, Expected
from bot_core.documents.reports import is_enforced, read_report
from bot_core.errors import ConfigError
from tests.compact import DIGEST
from tests.machine import NOW

WHOSE = Whose("eurusd_range", "20260101T000000Z-0000abcd", "paper", enforce=True)
EXPECTED = Expected(report=DIGEST, loss="absolute", unit="bps", baseline="last_value", ratio=0.8, worst_window=0.82, windows=12)
RULES = DegradationConfig(block=2, period=100)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def judge(since: dt.datetime | None = None) -> PerformanceJudge:
    return PerformanceJudge(WHOSE, EXPECTED, RULES, since=since)


def feed(one: PerformanceJudge, ratio: float, blocks: int) -> None:
    """Let so many blocks come, whose losses have a ratio."""
    begin = 2 * len(one.blocks)
    for place in range(begin, begin + 2 * blocks):
        one.take(Row(3600.0 * place, Losses(ratio, 1.0)), NOW + place * HOUR)


def test_what_is_as_good_as_expected_is_watched_and_nothing_is_said() -> None:
    one = judge()
    feed(one, 0.8, 200)
    assert one.due(one.known or NOW) is None
    report = one.report(one.reason(one.known or NOW))
    assert (report.status, report.reason, len(report.blocks)) == ("ok", "watching", 200)
    assert report.excess == pytest.approx(0.0)
    assert [found.crossed for found in report.bounds] == [None, None]


def test_worse_than_the_first_bound_asks_once_and_not_for_the_second() -> None:
    one = judge()
    feed(one, 0.95, 60)  # 19 per cent worse
    now = one.known or NOW
    assert one.due(now) == "request"
    one.say("request")
    feed(one, 0.95, 200)
    assert one.due(one.known or NOW) is None
    assert one.reason(one.known or NOW) == "request"


def test_worse_than_the_second_bound_comes_after_the_first_and_says_since_when() -> None:
    one, said = judge(), []
    feed(one, 0.8, 50)
    for _ in range(60):
        feed(one, 1.3, 1)
        if reason := one.due(one.known or NOW):
            said.append(reason)
            one.say(reason)
    assert said == ["request", "fall_back"]
    report = one.report("fall_back")
    assert report.status == "critical"
    assert report.since == one.blocks[50].first
    assert report.excess == pytest.approx(1.3 / 0.8 - 1.0)
    assert read_report(encode_json(report), "degradation", "it") == report
    assert is_enforced(report)


def test_after_the_rules_took_over_it_is_judged_by_what_comes() -> None:
    one = judge()
    feed(one, 2.0, 60)
    one.say("request")
    one.say("fall_back")
    one.restart()
    assert one.due(NOW) is None
    assert one.report("watching").blocks == []
    feed(one, 2.0, 60)
    assert one.due(one.known or NOW) == "fall_back"


def test_a_missing_label_holds_and_then_is_a_warning_said_once_until_one_comes() -> None:
    one = judge(since=NOW)
    assert one.due(NOW + 5 * DAY) is None
    assert one.due(NOW + 5 * DAY + HOUR) == "silent"
    assert one.report("silent").status == "warning"
    one.say("silent")
    assert one.due(NOW + 9 * DAY) is None
    one.take(Row(0.0, Losses(0.8, 1.0)), NOW + 10 * DAY)
    assert one.due(NOW + 11 * DAY) is None
    assert one.due(NOW + 16 * DAY) == "silent"


def test_one_that_asked_already_may_still_fall_silent() -> None:
    one = judge()
    feed(one, 0.95, 60)
    one.say("request")
    assert one.due((one.known or NOW) + 6 * DAY) == "silent"


def test_nobody_is_silent_before_silence_counts() -> None:
    assert judge().reason(NOW + 1000 * DAY) == "watching"


def test_a_report_is_what_its_schema_says() -> None:
    one = judge()
    feed(one, 0.9, 3)
    assert decode_json(encode_json(one.report("watching")), DegradationReport, "it").window.rows == 6


def test_spans() -> None:
    assert [span(text) for text in ("90m", "6h", "5d", "2w", "30s")] == [
        dt.timedelta(minutes=90),
        6 * HOUR,
        5 * DAY,
        14 * DAY,
        dt.timedelta(seconds=30),
    ]


def test_a_second_bound_below_the_first_is_no_configuration() -> None:
    with pytest.raises(ConfigError, match=r"expected fall_back >= request, got 0\.1 and 0\.2"):
        convert({"request": 0.2, "fall_back": 0.1}, DegradationConfig, "monitoring.degradation", error=ConfigError)
