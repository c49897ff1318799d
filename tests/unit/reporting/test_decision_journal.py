from __future__ import annotations

import datetime as dt

from bot_core.journal.event import TradingDecisionEvent
from bot_core.journal.head import Statement
from bot_core.reporting.decision_journal import HEAD, render
from bot_core.reporting.numerals import NONE

T0 = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)
STATEMENT = Statement(journal="decisions.jsonl", sequence=1234, hash="3f2a" * 16, taken=T0)
VERSION = "20261101T080000Z-aa17c02e"


def event(
    kind: str = "decision", *, hours: int = 0, env: str = "paper", status: str | None = None, **facts: object
) -> TradingDecisionEvent:
    return TradingDecisionEvent(
        event_type=kind,
        timestamp=T0 + dt.timedelta(hours=hours),
        environment=env,
        portfolio="desk",
        risk_profile="normal",
        status=status,
        metadata=facts,
    )


def decision(hours: int, status: str = "accepted", **facts: object) -> TradingDecisionEvent:
    shared = {"model": "m", "version": VERSION, "arm": "learned", "is_ready": True, **facts}
    return event("decision", hours=hours, env="paper", status=status, **shared)


def page(*events: TradingDecisionEvent, before: str = "", environment: str = "paper") -> str:
    return render(before, environment, STATEMENT, events)


def test_the_whole_page_of_a_quiet_environment() -> None:
    assert page() == (
        f"{HEAD}\n"
        "## paper\n"
        "\n"
        "`decisions.jsonl`: 1,234 lines until 2026-11-21 10:15 UTC, the last one `3f2a3f2a3f2a…`,\n"
        "as signed in `audit/ai_decision/heads/paper/decisions.jsonl.head`.\n"
        "\n"
        "### Activations and rollbacks\n"
        "\n"
        "None.\n"
        "\n"
        "### Alerts\n"
        "\n"
        "None.\n"
        "\n"
        "### Decisions\n"
        "\n"
        "None.\n"
    )


def test_decisions_are_counted_by_day_release_arm_and_outcome() -> None:
    events = [*(decision(hour) for hour in range(3)), decision(1, "rejected"), decision(1, arm="rules"), decision(20)]
    rows = [line for line in page(*events).splitlines() if line.startswith("| 2026")]
    assert rows == [
        f"| 2026-11-21 | m | {VERSION} | learned | accepted | 3 |",
        f"| 2026-11-21 | m | {VERSION} | learned | rejected | 1 |",
        f"| 2026-11-21 | m | {VERSION} | rules | accepted | 1 |",
        f"| 2026-11-22 | m | {VERSION} | learned | accepted | 1 |",
    ]


def test_a_day_is_utc_s_and_another_environment_s_decisions_are_not_ours() -> None:
    east = dt.timezone(dt.timedelta(hours=14))
    moved = TradingDecisionEvent(
        event_type="decision", timestamp=T0.astimezone(east), environment="paper", portfolio="desk", risk_profile="normal"
    )
    rows = [line for line in page(moved, event(env="production")).splitlines() if line.startswith("| 2026")]
    assert rows == [f"| 2026-11-21 | {NONE} | {NONE} | {NONE} | {NONE} | 1 |"]


def test_what_was_activated_and_rolled_back_is_listed_with_why() -> None:
    said = page(
        event("ai_model_activated", status="active", model="m", version=VERSION),
        event("ai_model_rollback_requested", hours=1, env="ai-monitoring", reason="data_drift_alert"),
        event("detach", hours=2, model="m", reasons=["halted", "by ann"]),
        event("outcome", hours=3, model="m"),
    )
    moves = said.partition("### Activations")[2].partition("### Alerts")[0]
    assert [line for line in moves.splitlines() if line.startswith("| 2026")] == [
        f"| 2026-11-21 10:15 | ai_model_activated | paper | m | {VERSION} | active | {NONE} |",
        f"| 2026-11-21 11:15 | ai_model_rollback_requested | ai-monitoring | {NONE} | {NONE} | {NONE} | data_drift_alert |",
        f"| 2026-11-21 12:15 | detach | paper | m | {NONE} | {NONE} | halted; by ann |",
    ]
    assert said.count("\n| 2026") == 3


def test_a_report_is_an_alert_unless_it_says_that_it_is_well() -> None:
    said = page(
        event("ai_drift_report", model="m", status="ok"),
        event("ai_drift_report", hours=1, model="m", report_path="audit/a.json", status="critical"),
        event("ai_data_quality_report", hours=2, model="m"),
        event("guard_trip", hours=3, model="m", reason="losses"),
        event("ai_walk_forward_report", hours=4, model="m"),
    )
    alerts = said.partition("### Alerts")[2].partition("### Decisions")[0]
    assert [line.split(" | ")[:2] for line in alerts.splitlines() if line.startswith("| 2026")] == [
        ["| 2026-11-21 11:15", "ai_drift_report"],
        ["| 2026-11-21 12:15", "ai_data_quality_report"],
        ["| 2026-11-21 13:15", "guard_trip"],
    ]
    assert "| critical | audit/a.json |" in alerts


def test_the_other_environments_sections_stay_as_they_are() -> None:
    paper = page(decision(0))
    both = page(before=paper, environment="production")
    assert both == page(decision(0), before=both)
    assert page(decision(0), decision(1), before=both) != both
    assert both.count("## paper\n") == both.count("## production\n") == both.count("# Decision journal\n") == 1
    assert paper.partition("## paper")[2].rstrip() in both


def test_the_same_events_give_the_same_bytes() -> None:
    events = [decision(0), event("guard_trip", model="m")]
    assert page(*events, before=page(*events)) == page(*events)


def test_nothing_in_an_event_writes_outside_its_cell() -> None:
    said = page(event("guard_trip", model="a|b\n## production\n", reason="<script>[x](y)`\u202e"))
    (row,) = [line for line in said.splitlines() if "guard_trip" in line]
    assert row.count(" | ") == 6
    assert "a\\|b\\\\n## production\\\\n" in row
    assert "&lt;script>\\[x](y)'\\\\u202e" in row
    assert "\n## production" not in said
