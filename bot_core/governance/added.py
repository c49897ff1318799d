"""Every signed document that a pull request brings must be sound in itself, whatever it is for: known signer, right role, right name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.documents.interventions import Halt, Resume, Review, Revocation, Rollback
from bot_core.documents.policy import Person
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.signoff import SignOff
from bot_core.governance import alerts, evidence, layout, learned, operation, sshsig
from bot_core.governance.interventions import Memory, revocations
from bot_core.governance.reading import read_signed
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import msgspec

    from bot_core.documents.policy import Policy
    from bot_core.governance.crew import Crew
    from bot_core.governance.git import Change
    from bot_core.governance.layout import Signable
    from bot_core.governance.reading import Signed, Verify
    from bot_core.governance.snapshot import View


@dataclass(frozen=True, slots=True)
class _Kind:
    folder: str
    document: type[msgspec.Struct]
    signable: Signable


_KINDS = (
    _Kind("compliance/signoffs/", SignOff, layout.SIGNOFF),
    _Kind("compliance/halts/", Halt, layout.HALT),
    _Kind("compliance/resumes/", Resume, layout.RESUME),
    _Kind("compliance/revocations/", Revocation, layout.REVOCATION),
    _Kind("compliance/rollbacks/", Rollback, layout.ROLLBACK),
    _Kind("compliance/reviews/", Review, layout.REVIEW),
)


def judge_added(view: View, policy: Policy, changes: Sequence[Change], verify: Verify = sshsig.verify) -> Iterator[Reason]:
    """Say what is wrong with the signed documents that a change adds."""
    added = {
        change.path for change in changes if change.status == "A" and layout.classify(change.path) in ("add_only", "immutable")
    }
    crew, _ = revocations(view, policy, Memory(), verify)
    for path in sorted(added):
        try:
            if path.endswith(layout.SIG):
                _require_whole(path, added)
            else:
                _require(view, path, policy, crew, verify)
        except Refused as problem:
            yield problem.reason


def _require_whole(path: str, added: set[str]) -> None:
    """Prove that a signature comes with its document: one that follows later would count from when the document came."""
    if path.removesuffix(layout.SIG) not in added:
        message = f"{path}: expected the document that it signs to come with it, got the signature alone"
        raise Refused("SIG-BAD", path, message, "add both in one pull request, under a new name")


def _require(view: View, path: str, policy: Policy, crew: Crew, verify: Verify) -> None:
    if path.endswith(".release.yaml"):
        signed = read_signed(view, path, ReleaseManifest, layout.RELEASE, crew, verify)
        _require_name(path, layout.manifest(signed.document.model, signed.document.version))
        learned.require_said(signed.document)
        evidence.require_artifact(view, signed.document, policy)
        for reason in evidence.read_reports(view, signed.document)[1]:
            raise Refused(reason.code, reason.path, reason.message, reason.hint)
    elif path.startswith("models/") and path.endswith(".json"):
        evidence.require_format(view, path)
    elif alerts.LATER.fullmatch(path):
        operation.require_reporter(view, path, crew, verify)
    elif path.startswith(f"{operation.FOLDER}/"):
        operation.read_extract(view, path, crew, verify)
    else:
        kind = next((kind for kind in _KINDS if path.startswith(kind.folder)), None)
        if kind is not None:
            _require_order(read_signed(view, path, kind.document, kind.signable, crew, verify), policy)


def _require_order(signed: Signed[msgspec.Struct], policy: Policy) -> None:
    """Prove that the signer may say such a thing, for this repository, and that the file is named as its content asks."""
    word, path = signed.document, signed.path
    repository = getattr(word, "repository", policy.repository)
    if repository != policy.repository:
        raise Refused(
            "SIGNOFF-CONTEXT",
            path,
            f"{path}: repository: expected {policy.repository}, got {repository}",
            "sign it for this repository",
        )
    wanted = _roles(word, policy)
    if not isinstance(signed.signer, Person) or not wanted & set(signed.signer.roles):
        roles = ", ".join(sorted(wanted))
        raise Refused(
            "SIGNOFF-CONTEXT",
            path,
            f"{path}: expected a signer in a role ({roles}), got {signed.signer.name}",
            "somebody in the role must sign",
        )
    _require_name(path, _path(word, path))


def _roles(word: object, policy: Policy) -> set[str]:
    """Name the roles that may say such a thing: the one it names, else those that approve in its environment, or in any."""
    environment = getattr(word, "environment", None)
    approving = {role for rules in policy.environments if environment in (None, rules.name) for role in rules.approvals}
    return {str(getattr(word, "role", ""))} if hasattr(word, "role") else approving


def _path(word: object, path: str) -> str:
    """Return the path that a document asks for."""
    folder = path.rsplit("/", 1)[0]
    match word:
        case SignOff():
            return layout.signoff(word.environment, word.subject, word.role, word.signer, word.issued)
        case Halt():
            return f"{layout.halts(word.environment)}/{word.id}.yaml"
        case Resume():
            return f"{layout.resumes(word.environment, word.halt)}/{word.role}.{word.signer}.yaml"
        case Review():
            return f"{layout.reviews(word.kind, word.id)}/{word.role}.{word.signer}.{layout.stamp(word.issued)}.yaml"
        case Rollback():
            return f"{layout.rollbacks(word.environment, word.model)}/{word.id}.yaml"
        case _:
            return f"{folder}/{getattr(word, 'id', '')}.yaml"


def _require_name(path: str, expected: str) -> None:
    if path != expected:
        raise Refused(
            "SIGNOFF-CONTEXT", path, f"{path}: expected the name that its content asks for, {expected}", "move the file there"
        )
