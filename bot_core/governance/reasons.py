"""Why not: stable reason codes, and the verdict each one leads to. The worst verdict wins; no reason at all is ALLOW.

| verdict | exit | meaning |
| - | - | - |
| ALLOW | 0 | everything proven |
| PENDING | 10 | nothing wrong; approvals or evidence outstanding |
| DENY | 20 | the policy says no |
| TAMPER | 30 | a signature, digest, canonical form, ancestry or policy chain is broken |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from bot_core.errors import BotCoreError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(IntEnum):
    """A verdict; its number is the exit code."""

    ALLOW = 0
    PENDING = 10
    DENY = 20
    TAMPER = 30


# code → (verdict, what it says in general)
CODES: dict[str, tuple[Verdict, str]] = {
    "ROLE-MISSING": (Verdict.PENDING, "a role has fewer valid approvals than the policy asks"),
    "RPT-MISSING": (Verdict.PENDING, "a report that the environment asks for is not there"),
    "RPT-LEAD": (Verdict.PENDING, "a report was brought too short a time before the change"),
    "GO-LIVE": (Verdict.PENDING, "the minutes of the go-live are not signed by every role"),
    "LIMITS": (Verdict.PENDING, "a domain file is not approved by the roles that approve limits"),
    "POLICY-MISSING": (Verdict.DENY, "the repository has no policy, or the policy does not know the environment"),
    "POLICY-SELF": (Verdict.DENY, "a change of policy is not signed by the root quorum of the old and the new policy"),
    "MIXED-CHANGE": (Verdict.DENY, "policy and environments change in one pull request"),
    "SIG-EXPIRED-KEY": (Verdict.DENY, "the key was not valid at the time that counts"),
    "SIG-REVOKED": (Verdict.DENY, "the key or the person is revoked"),
    "SIG-NO-TOUCH": (Verdict.DENY, "the policy asks for a touch of the key, and nobody touched it"),
    "SOD-SELF": (Verdict.DENY, "an author may not approve the own release"),
    "SOD-SAME-PERSON": (Verdict.DENY, "one person counts for one role only"),
    "ROLE-REJECTED": (Verdict.DENY, "somebody in a role said no"),
    "SIGNOFF-EXPIRED": (Verdict.DENY, "a sign-off is no longer valid, or was signed too long before it was merged"),
    "SIGNOFF-TOO-LONG": (Verdict.DENY, "a sign-off claims a longer validity than the policy allows"),
    "SIGNOFF-CONTEXT": (Verdict.DENY, "a sign-off is for something else: repository, environment, subject, role or policy"),
    "RPT-STALE": (Verdict.DENY, "a report is older than the policy allows"),
    "RPT-FAILED": (Verdict.DENY, "a report does not show what the policy asks"),
    "CHECK-FAILED": (Verdict.DENY, "a checklist item is unanswered, answered against the machine, or not met"),
    "FORMAT": (Verdict.DENY, "the artifact is not of an allowed format"),
    "GOLDEN": (Verdict.DENY, "a model does not load where it shall decide, or does not give its golden outputs to the last bit"),
    "ROLLOUT-STEP": (Verdict.DENY, "the rollout leaves the policy's steps"),
    "HALTED": (Verdict.DENY, "a halt is in force"),
    "REVOKED": (Verdict.DENY, "the release is revoked"),
    "MEMBER-REVOKED": (Verdict.DENY, "a member of the ensemble is what a revoked release had learned"),
    "STAGE-ORDER": (Verdict.DENY, "the release has not been long enough where it must have been before"),
    "CANON": (Verdict.TAMPER, "a document is not in the one accepted spelling"),
    "PATH": (Verdict.TAMPER, "a path, file mode or name that governed folders do not allow"),
    "ADD-ONLY": (Verdict.TAMPER, "a file of an add-only folder was changed or deleted"),
    "POLICY-CHAIN": (Verdict.TAMPER, "a policy does not follow from the one before"),
    "SIG-BAD": (Verdict.TAMPER, "a signature is missing or does not fit the document"),
    "SIG-UNKNOWN-KEY": (Verdict.TAMPER, "the policy does not know the key for this person"),
    "SIG-NAMESPACE": (Verdict.TAMPER, "a signature was made for another kind of document"),
    "REL-DIGEST": (Verdict.TAMPER, "a file is not the one that was signed"),
    "REL-IMMUTABLE": (Verdict.TAMPER, "a release was changed or deleted"),
    "ANCESTRY": (Verdict.TAMPER, "history was rewritten, or is not there in full"),
    "GENERATED": (Verdict.TAMPER, "a generated file is not what the policy generates"),
}


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """One thing that stands in the way: a stable code, where, one sentence, and the command that supplies what is missing."""

    code: str
    path: str
    message: str
    hint: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the code leads to."""
        return CODES[self.code][0]


class Refused(BotCoreError):  # noqa: N818  # the verdicts' own word
    """A check that ends with its reason; at the command line its code and the verdict's exit code are shown."""

    def __init__(self, code: str, path: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = Reason(code, path, message, hint)
        self.code = code
        self.exit_code = int(self.reason.verdict)


def worst(reasons: Iterable[Reason]) -> Verdict:
    """Return the worst verdict; ALLOW for none."""
    return max((reason.verdict for reason in reasons), default=Verdict.ALLOW)
