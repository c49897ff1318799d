"""What a journal shows of the releases in an environment: their decisions counted, as far as a place in the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bot_core.errors import AuditError
from bot_core.journal.chain import event
from bot_core.journal.event import decode
from bot_core.journal.rotation import Follower

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot_core.journal.chain import Link
    from bot_core.journal.event import TradingDecisionEvent

    Release = tuple[str, str]

DECISION, ACCEPTED = "decision", "accepted"


@dataclass(frozen=True, slots=True)
class Tally:
    """A release's decisions: when the first and the last were made, what the last says, how many, how many accepted, its line's hash."""

    first: dt.datetime
    last: dt.datetime
    is_ready: bool
    candidates: int
    decisions: int
    hash: str


def tallied(path: Path, sequence: int, environment: str, since: Mapping[Release, dt.datetime]) -> dict[Release, Tally]:
    """Count the decisions of some releases, each from a time on.

    Args:
        path: the journal.
        sequence: the last line that counts.
        environment: whose decisions.
        since: model and version, and from when on they count.

    Raises:
        AuditError: a line does not follow the one before it, or its event is none.
    """
    found: dict[Release, Tally] = {}
    for place, each in placed(path, sequence):
        if each.event_type != DECISION or each.environment != environment:
            continue
        release = (str(each.metadata.get("model")), str(each.metadata.get("version")))
        if release in since and each.timestamp >= since[release]:
            found[release] = _with(found.get(release), each, place)
    return found


def placed(path: Path, sequence: int) -> Iterator[tuple[Link, TradingDecisionEvent]]:
    """Yield a journal's events with their places, oldest first, as far as a line.

    Raises:
        AuditError: a line does not follow the one before it, or its event is none.
    """
    with Follower(path) as follower:
        try:
            for line in follower.lines():
                if follower.place.sequence > sequence:
                    return
                yield follower.place, decode(event(line))
        except (ValueError, msgspec.DecodeError) as error:
            msg = f"{path}: line {follower.place.sequence}: {error}"
            raise AuditError(msg, hint=f"bot-core journal verify {path}") from error


def _with(before: Tally | None, each: TradingDecisionEvent, place: Link) -> Tally:
    return Tally(
        first=before.first if before else each.timestamp,
        last=each.timestamp,
        is_ready=each.metadata.get("is_ready") is True,
        candidates=(before.candidates if before else 0) + 1,
        decisions=(before.decisions if before else 0) + (each.status == ACCEPTED),
        hash=place.hash,
    )
