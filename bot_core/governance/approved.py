"""Has everybody whom some environment asks for approved a release? Found by the artifact's bytes, not by what its file is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.signoff import Subject
from bot_core.governance import layout, learned
from bot_core.governance.desk import Desk
from bot_core.governance.interventions import Memory, revocations
from bot_core.governance.reading import read_signed
from bot_core.governance.reasons import Refused
from bot_core.governance.signoffs import Asked, collect

if TYPE_CHECKING:
    from bot_core.documents.policy import EnvironmentPolicy


def approved_somewhere(model: str, version: str, data: bytes) -> bool:
    """Say whether a release of these bytes is signed, not revoked, and approved by every role that at least one environment asks for.

    Raises:
        GitError: no repository here, or a history that was cut off.
        Refused: the repository has no policy.
    """
    desk = Desk.here()
    crew, revoked = revocations(desk.view, desk.policy, Memory())
    path = layout.manifest(model, version)
    try:
        manifest = read_signed(desk.view, path, ReleaseManifest, layout.RELEASE, crew)
    except Refused:
        return False
    document = manifest.document
    subject = Subject(kind="release", name=model, version=version, digest=manifest.digest)
    authors = frozenset({document.author, *document.co_authors})
    gone = revoked | learned.learned_by(desk.view, revoked)
    counts = manifest.digest not in gone and not any(learned.revoked_members(document, gone))
    whole = document.artifact.digest == sha256(data) and counts
    return whole and any(_approved(desk, subject, rules, authors) for rules in desk.policy.environments)


def _approved(desk: Desk, subject: Subject, rules: EnvironmentPolicy, authors: frozenset[str]) -> bool:
    collected = collect(desk.view, desk.crew, Asked(subject, rules, rules.approvals, desk.now, authors))
    return not collected.lacking and not collected.rejections
