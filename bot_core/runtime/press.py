"""With what a service publishes: its wish, its key, the policy that knows it, and the branch as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.governance import extracts, layout, sshsig, writing
from bot_core.governance.desk import policy_of
from bot_core.governance.interventions import Memory, revocations
from bot_core.governance.reading import check
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.policy import Policy
    from bot_core.governance.crew import Crew
    from bot_core.governance.desk import Desk
    from bot_core.governance.snapshot import Snapshot
    from bot_core.governance.writing import Files

AUDIT = "audit/ai_decision"
SCHEDULER = f"{AUDIT}/scheduler.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be published.

    Args:
        environment: the one that runs here.
        journal: its journal.
        scheduler: its scheduler's state; without it `audit/ai_decision/scheduler.json` under `state`, if it is there.
        state: the folder that holds what the runtime writes under `audit/ai_decision/`.
        key: the service's private key.
        signer: the service.
        remote: where the branch lives; nothing: here.
        branch: the branch.
    """

    environment: str
    journal: Path
    state: Path
    key: Path
    signer: str
    scheduler: Path | None = None
    remote: str | None = "origin"
    branch: str = extracts.BRANCH


@dataclass(frozen=True, slots=True)
class Press:
    """A repository, the commit that says what stands there, whose keys count, and what is to be published."""

    desk: Desk
    view: Snapshot
    policy: Policy
    crew: Crew
    wish: Wish

    @classmethod
    def of(cls, desk: Desk, view: Snapshot, wish: Wish) -> Press:
        """Prove that the policy of a commit lets the signer publish there.

        Raises:
            Refused: POLICY-MISSING: no such environment; SIGNOFF-CONTEXT: no service, or one that may not publish heads and reports.
        """
        policy = policy_of(view)
        names = [rules.name for rules in policy.environments]
        if wish.environment not in names:
            message = f"--env: expected one of {', '.join(names)}; got {wish.environment}"
            raise Refused(code="POLICY-MISSING", path=layout.POLICY, message=message, hint="bot-core status")
        services = [service.name for service in policy.services if {"head", "report"} <= set(service.may)]
        if wish.signer not in services:
            known = ", ".join(services) or "none"
            message = f"--signer: expected a service that may publish heads and reports ({known}), got {wish.signer}"
            hint = "bot-core policy propose names services and what they may"
            raise Refused(code="SIGNOFF-CONTEXT", path=layout.POLICY, message=message, hint=hint)
        return cls(desk, view, policy, revocations(view, policy, Memory())[0], wish)

    def held(self, tip: str | None, path: str) -> bytes | None:
        """Return what the branch holds at a tip."""
        return None if tip is None else self.desk.git.blob(tip, path)

    def signed(self, data: bytes, path: str) -> Files:
        """Sign as the service, and prove that the policy takes it for that.

        Raises:
            SigningError: ssh-keygen gave no signature.
            Refused: SIG-UNKNOWN-KEY, SIG-EXPIRED-KEY or SIG-REVOKED.
        """
        armored = writing.sign(data, path, layout.REPORT, self.wish.key)
        signature = check(data, armored, path, layout.REPORT, self.wish.signer, sshsig.verify)
        self.crew.key_of(self.wish.signer, signature, self.desk.now, path)
        return {path: data, path + layout.SIG: armored}
