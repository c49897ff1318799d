"""One release in one environment, judged by its live losses: block by block, against two bounds. It keeps what was said, and starts anew.

Beyond the first bound retraining is asked for, beyond the second the rules decide; each is said once. After the second the matter is
people's: once they have let the release decide again, it is judged by what comes from then on. A label that does not come is no news at
first; when none became known for longer than declared, that is said too, and again only after one did.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from bot_core.ai.degradation import Losses, SequentialTest, block_value, bound
from bot_core.documents.degradation import Block, Bound, DegradationReport
from bot_core.documents.drift import Span
from bot_core.documents.monitoring import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.ai.live_performance import Row
    from bot_core.config.monitoring import DegradationConfig
    from bot_core.documents.degradation import Expected, Reason
    from bot_core.documents.status import Status

STATUS: Final[dict[Reason, Status]] = {"watching": "ok", "silent": "warning", "request": "warning", "fall_back": "critical"}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Whose(NamedTuple):
    """A release, where it decides, and whether the second bound stops it there."""

    model: str
    version: str
    environment: str
    enforce: bool


class _Line:
    """One bound and its test."""

    def __init__(self, name: Literal["request", "fall_back"], excess: float, expected: Expected, rules: DegradationConfig) -> None:
        self.name = name
        self.excess = excess
        self.ratio = bound(expected, excess)
        self.test = SequentialTest(period=rules.period, false_alarm_rate=rules.false_alarm_rate)
        self.crossed: str | None = None

    def take(self, block: Block) -> None:
        """Take a block."""
        self.test.update(block_value(block.model_loss, block.baseline_loss, self.ratio))
        if self.crossed is None and self.test.alarmed:
            self.crossed = block.last


class PerformanceJudge:
    """Judges a release. One thread at a time.

    Args:
        whose: the release.
        expected: what its walk-forward report lets expect.
        rules: bounds, blocks, the rate of false alarms, how long no label may come.
        since: from when on silence counts; without it from the first label on.
    """

    def __init__(self, whose: Whose, expected: Expected, rules: DegradationConfig, *, since: dt.datetime | None = None) -> None:
        self.whose = whose
        self.expected = expected
        self.rules = rules
        self.known: dt.datetime | None = None
        """When the newest label became known."""
        self.blocks: list[Block] = []
        self._since = since
        self._patience = span(rules.patience)
        self.restart()

    def restart(self) -> None:
        """Forget all rows and all that was said."""
        self.blocks = []
        self._rows: list[Row] = []
        self._said: set[Reason] = set()
        bounds: tuple[tuple[Literal["request", "fall_back"], float], ...]
        bounds = (("request", self.rules.request), ("fall_back", self.rules.fall_back))
        self._lines = [_Line(name, excess, self.expected, self.rules) for name, excess in bounds]

    def take(self, row: Row, at: dt.datetime) -> None:
        """Take the next row, whose label became known at a time."""
        self.known = at
        self._said.discard("silent")
        self._rows.append(row)
        if len(self._rows) == self.rules.block:
            block = _block(self._rows)
            self._rows = []
            self.blocks.append(block)
            for line in self._lines:
                line.take(block)

    def say(self, reason: Reason) -> None:
        """Remember that something was said."""
        self._said.add(reason)

    def due(self, now: dt.datetime) -> Reason | None:
        """Return what is to be said and was not."""
        found = self.reason(now)
        if found in self._said and found != "fall_back" and self._is_silent(now):
            found = "silent"
        return None if found == "watching" or found in self._said else found

    def reason(self, now: dt.datetime) -> Reason:
        """Return the gravest that is so, whether it was said or not."""
        crossed: list[Reason] = [line.name for line in self._lines if line.crossed]
        return crossed[-1] if crossed else "silent" if self._is_silent(now) else "watching"

    def report(self, reason: Reason) -> DegradationReport:
        """Report for a reason, with all blocks that it rests on."""
        line = self._lines[0]
        began = line.test.began if line.crossed else 0
        ratio = _sum(self.blocks[began:]).ratio
        return DegradationReport(
            model=self.whose.model,
            version=self.whose.version,
            environment=self.whose.environment,
            policy=Policy(enforce=self.whose.enforce),
            status=STATUS[reason],
            reason=reason,
            window=self._window(),
            expected=self.expected,
            block=self.rules.block,
            period=self.rules.period,
            false_alarm_rate=self.rules.false_alarm_rate,
            since=self.blocks[began].first if self.blocks else None,
            ratio=ratio,
            excess=ratio / self.expected.ratio - 1.0 if ratio is not None and self.expected.ratio > 0.0 else None,
            known=f"{self.known.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}" if self.known else None,
            bounds=[
                Bound(name=line.name, excess=line.excess, ratio=line.ratio, p_value=line.test.p_value, crossed=line.crossed)
                for line in self._lines
            ],
            blocks=[*self.blocks],
        )

    def _is_silent(self, now: dt.datetime) -> bool:
        """Say whether no label became known for longer than declared; not before silence counts."""
        last = max((time for time in (self.known, self._since) if time is not None), default=None)
        return last is not None and now - last > self._patience

    def _window(self) -> Span:
        first, last = (self.blocks[0].first, self.blocks[-1].last) if self.blocks else ("", "")
        return Span(first=first, last=last, rows=sum(block.rows for block in self.blocks))


def span(text: str) -> dt.timedelta:
    """Turn `90m`, `6h`, `5d` or `2w` into a time span.

    >>> span("5d")
    datetime.timedelta(days=5)
    """
    return dt.timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def _block(rows: Sequence[Row]) -> Block:
    total = sum((row.losses for row in rows), Losses())
    return Block(
        first=_spelled(rows[0].time),
        last=_spelled(rows[-1].time),
        rows=len(rows),
        model_loss=total.model / len(rows),
        baseline_loss=total.baseline / len(rows),
    )


def _sum(blocks: Sequence[Block]) -> Losses:
    """Add up the losses of all rows."""
    return sum((Losses(block.rows * block.model_loss, block.rows * block.baseline_loss) for block in blocks), Losses())


def _spelled(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
