"""On which bars do the rules decide while no model does? On those of the release that is refused, or of the last one known.

What is withheld decides nothing and is never asked: it says which instrument is read, how long its bars are and what features a record
holds, so that a process can start while git stops the model, and goes on with it when git lets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.errors import BotCoreError
from bot_core.governance.reasons import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bot_core.ai.outcomes import Outcome
    from bot_core.documents.environment import Entry
    from bot_core.documents.runtime import Active, Servable
    from bot_core.governance.decide import Decision

    Prove = Callable[[Entry, Decision], Servable]
    Compile = Callable[[Servable], None]


def withheld(
    prove: Prove, load: Compile, before: Active | None, outcomes: Sequence[Outcome], rules: Iterable[str]
) -> Iterator[Servable]:
    """Yield a release for each model that does not decide, where one can be served at all.

    Args:
        prove: makes a release of an entry and its decision, or raises why it cannot be served.
        load: proves that a release is still whole, or raises why not.
        before: what was in force in this environment.
        outcomes: what became of the entries that git desires.
        rules: the models whose rules decide.
    """
    entries = {outcome.model: outcome for outcome in outcomes}
    for model in sorted({*entries, *rules}):
        outcome = entries.get(model)
        if outcome is not None and outcome.plan is not None:
            continue
        found = _refused(prove, outcome) or _last(load, before, model)
        if found is not None:
            yield found


def _refused(prove: Prove, outcome: Outcome | None) -> Servable | None:
    """Return the release that git desires and does not allow, if it was judged to the end and nobody tampered with it."""
    decision = outcome.decision if outcome else None
    if (
        outcome is None
        or outcome.entry is None
        or decision is None
        or decision.standing is None
        or decision.verdict == Verdict.TAMPER
    ):
        return None
    try:
        return prove(outcome.entry, decision)
    except BotCoreError:  # the reasons against it say so already
        return None


def _last(load: Compile, before: Active | None, model: str) -> Servable | None:
    """Return the release that decided last, or was withheld last, if it is still whole."""
    records = (*before.plans, *before.withheld) if before else ()
    try:
        for record in records:
            if record.model == model:
                load(record)
                return record
    except BotCoreError:  # its bytes are not here any more: nobody knows its bars
        return None
    return None
