"""What is said on one machine, `control.json`, and when git has overtaken it. Pure.

- A release that was asked for here (`default`) holds until git desires something else of that model than it did then.
- A halt acts here at once; once git has it, signed by somebody whose word counts, git's counts, and so does what git says about its end.
- Shrunk limits stay, and rules decide in the place of a release that does worse than its evidence said, until somebody in an approving
  role has answered exactly the report that says so, in a signed review.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core.ai.activation import entry_digest
from bot_core.governance import stages
from bot_core.governance.alerts import alert_name
from bot_core.governance.interventions import revocations, signed_halts
from bot_core.governance.promotion import desired
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    import datetime as dt

    from bot_core.documents.reports import Category
    from bot_core.documents.runtime import Control, Degraded, Protected
    from bot_core.governance.acceptance import Accepted


def overtaken(control: Control, accepted: Accepted, now: dt.datetime) -> Control:
    """Return what is still said here at an accepted commit."""
    known = _signed_halts(accepted) if control.halts else set()
    halts = [halt for halt in control.halts if halt.id not in known]
    protected = [one for one in control.protected if not _answered(one, "drift", accepted)]
    degraded = [one for one in control.degraded if not _answered(one, "degradation", accepted)]
    after = msgspec.structs.replace(control, halts=halts, protected=protected, degraded=degraded)
    if control.default is not None and _moved_on(control, accepted):
        after = msgspec.structs.replace(after, default=None, reason="the environment's entry has changed")
    return control if after == control else msgspec.structs.replace(after, changed=now)


def _signed_halts(accepted: Accepted) -> set[str]:
    """Name the halts that git has and that count; a file that nobody signed ends nothing."""
    crew, _ = revocations(accepted.view, accepted.policy, accepted.memory)
    return {signed.document.id for signed in signed_halts(accepted.view, crew, accepted.rules)}


def _moved_on(control: Control, accepted: Accepted) -> bool:
    named = control.models.get(control.default or "")
    try:
        entry = desired(accepted.view, accepted.rules.name).entry(named.model) if named else None
    except Refused:  # a broken file says nothing new
        return False
    return named is None or entry_digest(entry) != named.entry


def _answered(said: Protected | Degraded, category: Category, accepted: Accepted) -> bool:
    crew, _ = revocations(accepted.view, accepted.policy, accepted.memory)
    kinds = ("alert", "report")
    answers = [s.document for kind in kinds for s in stages.reviews(accepted.view, kind, alert_name(said.model, category), crew)]
    return any(a.digest == said.digest and a.decision != "ticket" and a.role in accepted.rules.approvals for a in answers)
