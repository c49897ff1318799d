"""`audit/ai_decision/decision_journal.md`: what the running environments did, for people; the journals themselves hold every decision.

One section per environment, from its journal as far as the head published with it: what was activated and rolled back, what gave the alarm,
and how many decisions each release made on each day. Whoever publishes an environment writes its section and leaves the others as they
are. The same journal and head give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING

from bot_core.reporting.numerals import NONE, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot_core.journal.event import TradingDecisionEvent
    from bot_core.journal.head import Statement

HEAD = """\
<!-- Written by `bot-core audit publish` from the journals; do not edit. -->

# Decision journal

What the running environments did, each as far as the head published with it. The journals hold every decision and every reason:
`bot-core journal show FILE`.
"""
MOVES = frozenset(
    {
        "ai_model_activated",
        "ai_model_rollback_requested",
        "ai_model_rollback_completed",
        "activation",
        "rollback",
        "attach",
        "detach",
    }
)
ALARMS = frozenset({"guard_trip", "ai_retraining_failed", "journal_repaired"})
REPORTS = frozenset({"ai_drift_report", "ai_data_quality_report", "ai_degradation_report"})
_SECTION = re.compile(r"(?m)^## (?P<name>.*)\n")
_WHY = ("reason", "reasons", "report_path", "incident", "signal", "file")


def render(before: str, environment: str, head: Statement, events: Iterable[TradingDecisionEvent]) -> str:
    """Write the page: this environment's section anew, the others as the page before has them."""
    sections = _sections(before) | {environment: "\n".join(_section(environment, head, events))}
    return "\n".join([HEAD, *(f"## {name}\n{text}" for name, text in sorted(sections.items()))])


def _sections(page: str) -> dict[str, str]:
    parts = _SECTION.split(page)
    return dict(zip(parts[1::2], (f"{text.rstrip()}\n" for text in parts[2::2]), strict=True))


def _section(environment: str, head: Statement, events: Iterable[TradingDecisionEvent]) -> Iterator[str]:
    moves: list[TradingDecisionEvent] = []
    alarms: list[TradingDecisionEvent] = []
    decided: Counter[tuple[str, ...]] = Counter()
    for event in events:
        if event.event_type == "decision" and event.environment == environment:
            decided[_outcome(event)] += 1
        elif event.event_type in MOVES:
            moves.append(event)
        elif _is_alarm(event):
            alarms.append(event)
    yield from ("", *_state(environment, head), "", "### Activations and rollbacks", "", *_happened(moves))
    yield from ("", "### Alerts", "", *_happened(alarms), "", "### Decisions", "", *_decided(decided), "")


def _state(environment: str, head: Statement) -> Iterator[str]:
    copy = f"audit/ai_decision/heads/{environment}/{head.journal}.head"
    yield f"`{_cell(head.journal)}`: {count(head.sequence)} lines until {_time(head.taken)} UTC, the last one `{head.hash[:12]}…`,"
    yield f"as signed in `{_cell(copy)}`."


def _is_alarm(event: TradingDecisionEvent) -> bool:
    """Say whether an event is an alarm; a report is one unless it says that it is well."""
    said = event.status or event.metadata.get("status")
    return event.event_type in ALARMS or (event.event_type in REPORTS and said != "ok")


def _happened(events: Sequence[TradingDecisionEvent]) -> Iterator[str]:
    if not events:
        yield "None."
        return
    yield "| UTC | what | where | model | version | state | why |\n| - | - | - | - | - | - | - |"
    for event in events:
        facts = event.metadata
        why = "; ".join(_text(facts[name]) for name in _WHY if facts.get(name))
        words = (_time(event.timestamp), event.event_type, event.environment, facts.get("model"), facts.get("version"))
        yield _row(*words, event.status or facts.get("status"), why)


def _decided(counted: Counter[tuple[str, ...]]) -> Iterator[str]:
    if not counted:
        yield "None."
        return
    yield "| day | model | version | arm | outcome | decisions |\n| - | - | - | - | - | -: |"
    for words, number in sorted(counted.items()):
        yield _row(*words, count(number))


def _outcome(event: TradingDecisionEvent) -> tuple[str, ...]:
    facts = event.metadata
    day = f"{event.timestamp.astimezone(dt.UTC):%Y-%m-%d}"
    return day, *(_text(facts.get(name) or "") for name in ("model", "version", "arm")), event.status or ""


def _row(*words: object) -> str:
    return f"| {' | '.join(_cell(_text(word)) or NONE for word in words)} |"


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(map(_text, value))
    return "" if value is None else str(value)


def _cell(text: str) -> str:
    """Spell out what a table, a page or a terminal would obey."""
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[").replace("`", "'")


def _time(time: dt.datetime) -> str:
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M}"
