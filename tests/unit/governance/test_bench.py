from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.documents.policy import RollbackRule
from bot_core.governance.bench import Bench, expiry
from bot_core.governance.interventions import Memory, restrictions
from bot_core.governance.sshsig import verify
from bot_core.governance.stages import Run, Standing
from tests.memory_view import DAY, T0, MemoryView, entry, policy, rules

if TYPE_CHECKING:
    import datetime as dt

CAME = T0 - DAY
RETURNED = Standing(CAME, T0 - 30 * DAY, Run(T0 - 30 * DAY, T0 - 20 * DAY, entry()), None)


def at(now: dt.datetime, stand: Standing, domain: str | None = None, *, hours: int | None = 48) -> dt.datetime:
    view, asked = MemoryView(), rules(rollback=RollbackRule(review_hours=hours) if hours is not None else None)
    bench = Bench(view, policy(), asked, restrictions(view, policy(), asked, Memory()), now, verify)
    return expiry(bench, stand, domain)


def test_expiry_is_judged_now() -> None:
    assert at(T0, Standing(CAME, CAME, None, None)) == T0


@pytest.mark.parametrize(("hours", "judged"), [(25, RETURNED.judged), (24, T0), (None, T0)])
def test_after_a_rollback_sign_offs_hold_until_the_review_is_due(hours: int | None, judged: dt.datetime) -> None:
    assert at(T0, RETURNED, hours=hours) == judged


def test_limits_hold_with_it_only_where_they_returned_too() -> None:
    assert at(T0, RETURNED, entry().domain) == RETURNED.judged
    assert at(T0, RETURNED, "another domain") == T0
