"""What a decision is made with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot_core.documents.policy import EnvironmentPolicy, Policy
    from bot_core.governance.interventions import Restrictions
    from bot_core.governance.reading import Verify
    from bot_core.governance.snapshot import View
    from bot_core.governance.stages import Standing


@dataclass(frozen=True, slots=True)
class Bench:
    """The files, the trusted policy and its rules for one environment, what restricts it, the time, and what proves a signature."""

    view: View
    policy: Policy
    rules: EnvironmentPolicy
    limits: Restrictions
    now: dt.datetime
    verify: Verify


def expiry(bench: Bench, stand: Standing, domain: str | None = None) -> dt.datetime:
    """After a rollback, sign-offs that ended meanwhile hold until the review is due; of a `domain`, only where it returned too."""
    hours = bench.rules.rollback.review_hours if bench.rules.rollback else 0
    in_grace = stand.returned is not None and bench.now < stand.since + dt.timedelta(hours=hours)
    came_back = stand.returned is not None and domain in (None, stand.returned.entry.domain)
    return stand.judged if in_grace and came_back else bench.now
