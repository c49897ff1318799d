"""Follow git: fetch, accept, judge, prove, record, swap. One pass is one function; a watch is passes with a pause between them.

The order is what survives a kill at any point. What restricts is remembered before anything else; the journal has an activation before
it is in force; one rename puts it in force. Whatever was interrupted, the next pass does again.

Nothing here raises for what the world does (a server that is gone, a rewritten history, a broken document): the pass ends with conditions
that say so, and what was proven before goes on, as far as it is still allowed. Only the own disk may stop it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot_core.ai.activation import Activation
from bot_core.ai.local import overtaken
from bot_core.errors import DocumentError, GitError
from bot_core.governance.acceptance import accept, reopen, restricted
from bot_core.governance.git import Git
from bot_core.governance.reasons import Refused
from bot_core.runtime.activations import changes
from bot_core.runtime.clone import TIP
from bot_core.runtime.conditions import Found, status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot_core.ai.activation import Evaluation
    from bot_core.config.runtime import RuntimeSettings
    from bot_core.documents.runtime import Active, RuntimeMemory, RuntimeStatus, Servable
    from bot_core.errors import BotCoreError
    from bot_core.governance.acceptance import Accepted
    from bot_core.governance.state import StateFolder
    from bot_core.runtime.clone import Clone
    from bot_core.runtime.journal import JsonlTradingDecisionJournal


@dataclass
class Reconciler:
    """Keeps a state folder as an environment's file says.

    Args:
        settings: which environment, which policy to expect, how old a model may be.
        folder: the state folder.
        clone: where commits come from.
        journal: where activations are recorded before they are in force.
        clock: the time, with its zone.
    """

    settings: RuntimeSettings
    folder: StateFolder
    clone: Clone
    journal: JsonlTradingDecisionJournal
    clock: Callable[[], dt.datetime]
    _git: Git | None = field(default=None, repr=False)
    _tip: str = ""
    _proved: set[bytes] = field(default_factory=set, repr=False)

    def once(self) -> RuntimeStatus:
        """Do one pass.

        Raises:
            AuditError: the journal or the state folder could not be written; what was in force stays in force.
            DocumentError: the memory is damaged, so what was halted is not known here: nothing is changed.
        """
        with self.folder.lock("fetch.lock"):  # apart, for a server may take its time and people must be able to speak meanwhile
            tip, unreachable = self._fetched()
        with self.folder.lock():  # whoever held it may have accepted a commit that was fetched later than ours
            return self._pass(self.clone.resolve(TIP) if tip else None, unreachable)

    def _pass(self, tip: str | None, unreachable: BotCoreError | None) -> RuntimeStatus:
        before, damaged = self._before()
        now = max(self.clock(), before.verified) if before else self.clock()  # a clock that was set back revives nothing
        memory = self.folder.memory()
        accepted, refused = self._accepted(tip, memory, now)
        if accepted is None or (accepted.dropped and not self._stood(before)):
            return self._told(Found(None, None, unreachable or refused), now)
        if accepted.remembered != memory:
            self.clone.hold(accepted.remembered.accepted)  # first, so that no commit is remembered that git might throw away
            self.folder.write(accepted.remembered)
        activation = Activation(accepted, self.folder, now, dt.timedelta(days=self.settings.max_model_age_days), self._proved)
        said = self.folder.control()
        still = overtaken(said, accepted, now)
        evaluation = activation.evaluate(before, still)
        self._apply(before, evaluation, now)
        if still != said:  # only now: until git's word is in force, what was said here holds
            self.folder.write(still)
        return self._told(Found(accepted, evaluation, unreachable or refused or damaged), now)

    # --- what the world says ---

    def _fetched(self) -> tuple[str | None, BotCoreError | None]:
        try:
            return self.clone.fetch(), None
        except GitError as error:
            return None, error

    def _accepted(
        self, tip: str | None, memory: RuntimeMemory | None, now: dt.datetime
    ) -> tuple[Accepted | None, BotCoreError | None]:
        """Accept the newest commit; where that is refused, or there is none, judge by the last accepted one again."""
        problem: BotCoreError | None = None
        environment = self.settings.environment
        if tip is not None:
            try:
                accepted = accept(self._reader(tip), tip, memory, environment, now, self.settings.policy)
            except (Refused, GitError) as error:
                problem = error
            else:
                return accepted, accepted.dropped
        if memory is None:
            return None, problem
        try:
            accepted = reopen(self._reader(memory.accepted), memory, environment, now)
        except (Refused, GitError) as error:
            return None, problem or error
        return self._restricted(accepted, tip, now), problem or accepted.dropped

    def _restricted(self, accepted: Accepted, tip: str | None, now: dt.datetime) -> Accepted:
        """Learn what restricts from a commit that is not followed; what cannot be read teaches nothing, and that is said already."""
        try:
            return accepted if tip is None else restricted(accepted, Git(self.clone.root), tip, now)
        except GitError:
            return accepted

    def _stood(self, before: Active | None) -> bool:
        """Say whether anything of the environment was in force here; if not, one that the policy does not know is a slip of the pen."""
        return before is not None and before.environment == self.settings.environment

    def _reader(self, tip: str) -> Git:
        """Read objects; anew for each commit, for what was read is kept as long as the reader."""
        if self._git is None or tip != self._tip:
            self._git, self._tip = Git(self.clone.root), tip
        return self._git

    def _before(self) -> tuple[Active | None, BotCoreError | None]:
        """Read what is in force; where that cannot be read, nothing is, and the pass makes it anew."""
        try:
            return self.folder.active(), None
        except DocumentError as error:
            return None, error

    # --- what follows from it ---

    def _apply(self, before: Active | None, evaluation: Evaluation, now: dt.datetime) -> None:
        """Record what changes, then put it in force."""
        if events := list(changes(before, evaluation.active, evaluation.models, now)):
            self.journal.record_all(events)
        self.folder.write(evaluation.active)
        self.folder.drop_all_but(named(evaluation.active) | (named(before) if before else set()))

    def _told(self, found: Found, now: dt.datetime) -> RuntimeStatus:
        try:
            last = self.folder.status()
        except DocumentError:  # damaged; written anew here
            last = None
        status = status_of(self.settings.environment, found, last, now)
        self.folder.write(status)
        return status


def named(active: Active) -> set[str]:
    """Return the digests of all bytes that `active.json` speaks of."""
    records = [*active.plans, *active.fallbacks, *active.pins, *active.withheld]
    own = {digest for record in records for digest in _parts(record) if digest}
    return own | set(active.rules.values())


def _parts(record: Servable) -> tuple[str | None, ...]:
    return record.artifact, record.domain, record.config, record.drift, record.walk_forward
