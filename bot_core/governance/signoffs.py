"""Sign-offs for a subject: which count, which do not and why, and what each role still lacks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot_core.documents.policy import Person
from bot_core.documents.signoff import SignOff
from bot_core.governance import layout, quorum, sshsig
from bot_core.governance.checklists import answered
from bot_core.governance.reading import read_signed
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.documents.policy import EnvironmentPolicy
    from bot_core.documents.signoff import Subject
    from bot_core.governance.checklists import Questions
    from bot_core.governance.crew import Crew
    from bot_core.governance.reading import Signed, Verify
    from bot_core.governance.snapshot import View

CLOCKS = dt.timedelta(minutes=5)
RoleState = Literal["approved", "missing", "rejected"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What sign-offs are wanted: for which subject, in which environment, how many of which role, and how they are judged.

    `digests`: where several contents are acceptable (evidence of a rollout), all of them; `expiry`: the time that validity is judged at.
    """

    subject: Subject
    environment: EnvironmentPolicy
    approvals: Mapping[str, int]
    expiry: dt.datetime
    authors: frozenset[str] = frozenset()
    questions: Questions | None = None
    digests: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Role:
    """One row of the role matrix."""

    role: str
    asked: int
    state: RoleState
    signers: tuple[str, ...]
    expires: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Collected:
    """The approvals that count, the rejections, and why others do not count; `roles` is the matrix, `lacking` what is missing."""

    approvals: tuple[Signed[SignOff], ...]
    rejections: tuple[Signed[SignOff], ...]
    refused: tuple[tuple[str, Reason], ...]
    roles: tuple[Role, ...]
    lacking: Mapping[str, int]


def collect(view: View, crew: Crew, asked: Asked, verify: Verify = sshsig.verify) -> Collected:
    """Read all sign-offs of a subject and count them."""
    folder, prefix = layout.signoffs(asked.environment.name, asked.subject), layout.signoff_prefix(asked.subject)
    paths = [f"{folder}/{name}" for name in view.names(folder) if name.startswith(prefix) and name.endswith(".yaml")]
    said_by: dict[str, list[str]] = {}
    for path in sorted(paths, reverse=True):
        said_by.setdefault(path.rsplit(".", 2)[0], []).append(path)  # all but the time: role and signer
    view.expect(newest for newest, *_ in said_by.values())
    said: dict[str, Signed[SignOff]] = {}
    refused: list[tuple[str, Reason]] = []
    for by, own in sorted(said_by.items()):
        for path in own:  # newest first: the latest that is sound counts; what it replaces is not read
            try:
                signed = read_signed(view, path, SignOff, layout.SIGNOFF, crew, verify)
                require_context(signed, asked, crew)
                _require_said(signed)
            except Refused as problem:
                refused.append((_role(path), problem.reason))
                continue
            said[by] = signed
            break
    refused.sort(key=lambda pair: pair[1].path)
    approvals = [s for s in said.values() if s.document.decision == "approve" and _counts(s, view, asked, refused)]
    rejections = [s for s in said.values() if s.document.decision == "reject"]
    return _collected(approvals, rejections, refused, asked)


def require_context(signed: Signed[SignOff], asked: Asked, crew: Crew) -> None:
    """Prove that a sign-off was given for this subject, here, by somebody who holds the role.

    Raises:
        Refused: SIGNOFF-CONTEXT.
    """
    word, path = signed.document, signed.path
    subject, policy = word.subject, crew.policy
    digests = asked.digests or {asked.subject.digest}
    wanted = (
        ("repository", policy.repository, word.repository),
        ("environment", asked.environment.name, word.environment),
        ("subject.kind", asked.subject.kind, subject.kind),
        ("subject.name", asked.subject.name, subject.name),
        ("subject.version", asked.subject.version, subject.version),
        ("subject.percent", asked.subject.percent, subject.percent),
        ("subject.digest", subject.digest if subject.digest in digests else " or ".join(sorted(digests)), subject.digest),
        ("file name", layout.signoff(word.environment, subject, word.role, word.signer, word.issued), path),
    )
    for what, expected, got in wanted:
        if expected != got:
            raise Refused(
                "SIGNOFF-CONTEXT",
                path,
                f"{path}: {what}: expected {expected}, got {got}",
                "sign off this subject here: bot-core sign-off",
            )
    if not policy.signoffs_valid_from_policy <= word.policy_version <= policy.version:
        span = f"{policy.signoffs_valid_from_policy} to {policy.version}"
        raise Refused(
            "SIGNOFF-CONTEXT",
            path,
            f"{path}: policy_version: expected {span}, got {word.policy_version}",
            "bot-core sign-off again",
        )
    if not isinstance(signed.signer, Person) or word.role not in signed.signer.roles:
        message = f"{path}: expected a signer in the role {word.role}, got {word.signer}, who does not hold it"
        raise Refused(
            "SIGNOFF-CONTEXT", path, message, "somebody who holds the role must sign; bot-core policy propose gives roles"
        )


def require_valid(signed: Signed[SignOff], view: View, asked: Asked) -> None:
    """Prove that an approval counts now: not by an author, in time, not too long, its checklist answered.

    Raises:
        Refused: SOD-SELF, SIGNOFF-EXPIRED, SIGNOFF-TOO-LONG, SIGNOFF-CONTEXT or CHECK-FAILED.
    """
    word, path, rules = signed.document, signed.path, asked.environment
    if word.signer in asked.authors and not rules.author_may_sign:
        message = f"{path}: expected a signer who is no author of the release, got {word.signer}"
        raise Refused("SOD-SELF", path, message, f"somebody else in the role {word.role} must sign")
    _require_times(signed, rules, asked.expiry)
    if asked.questions is not None:
        answered(word, path, asked.questions, view)


def _require_said(signed: Signed[SignOff]) -> None:
    """Prove that an approval was not dated ahead: it would outlive what the same person says later."""
    word, path = signed.document, signed.path
    if word.decision == "approve" and word.issued > signed.since + CLOCKS:
        message = f"{path}: issued: expected no later than {_utc(signed.since)}, got {_utc(word.issued)}"
        raise Refused("SIGNOFF-CONTEXT", path, message, "bot-core sign-off again")


def _require_times(signed: Signed[SignOff], rules: EnvironmentPolicy, expiry: dt.datetime) -> None:
    word, path = signed.document, signed.path
    again = "bot-core sign-off again"
    if rules.max_sign_to_merge_days is not None and signed.since - word.issued > dt.timedelta(days=rules.max_sign_to_merge_days):
        late = f"signed {_utc(word.issued)}, merged {_utc(signed.since)}"
        raise Refused(
            "SIGNOFF-EXPIRED",
            path,
            f"{path}: expected a merge within {rules.max_sign_to_merge_days} days of signing, got: {late}",
            again,
        )
    if rules.max_validity_days is not None and word.expires - word.issued > dt.timedelta(days=rules.max_validity_days):
        got = f"{(word.expires - word.issued).days} days"
        raise Refused(
            "SIGNOFF-TOO-LONG",
            path,
            f"{path}: expires: expected at most {rules.max_validity_days} days after issued, got {got}",
            again,
        )
    if expiry >= word.expires:
        raise Refused(
            "SIGNOFF-EXPIRED", path, f"{path}: expires: expected later than {_utc(expiry)}, got {_utc(word.expires)}", again
        )


def _counts(signed: Signed[SignOff], view: View, asked: Asked, refused: list[tuple[str, Reason]]) -> bool:
    try:
        require_valid(signed, view, asked)
    except Refused as problem:
        refused.append((signed.document.role, problem.reason))
        return False
    return True


def _collected(
    approvals: list[Signed[SignOff]], rejections: list[Signed[SignOff]], refused: list[tuple[str, Reason]], asked: Asked
) -> Collected:
    signed: dict[str, set[str]] = {}
    for approval in approvals:
        signed.setdefault(approval.document.role, set()).add(approval.document.signer)
    lacking = quorum.missing(asked.approvals, signed, distinct=asked.environment.distinct_people)
    against = {s.document.role for s in rejections}
    roles = tuple(_row(role, count, approvals, lacking, against) for role, count in asked.approvals.items())
    return Collected(tuple(approvals), tuple(rejections), tuple(refused), roles, lacking)


def _row(role: str, asked: int, approvals: list[Signed[SignOff]], lacking: Mapping[str, int], against: set[str]) -> Role:
    mine = [s.document for s in approvals if s.document.role == role]
    state: RoleState = "rejected" if role in against else "missing" if role in lacking else "approved"
    return Role(role, asked, state, tuple(sorted(word.signer for word in mine)), min((word.expires for word in mine), default=None))


def _role(path: str) -> str:
    """Read the role off a sign-off's name; it may be anything, for the file was not believed."""
    parts = path.rsplit("/", 1)[-1].split(".")
    return parts[1] if len(parts) > 1 else ""


def _utc(time: dt.datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
