"""Extracts that a running environment's service signed: what a gate may know of a scheduler and a journal that it cannot see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core._parse import decode_json
from bot_core.documents.operation import JournalExtract, SchedulerExtract
from bot_core.documents.policy import Service
from bot_core.errors import DocumentError
from bot_core.governance import layout, sshsig
from bot_core.governance.reading import check
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    from bot_core.documents.policy import Person
    from bot_core.governance.crew import Crew
    from bot_core.governance.reading import Verify
    from bot_core.governance.snapshot import View

FOLDER = "audit/ai_decision/operation"
Extract = SchedulerExtract | JournalExtract
_KINDS: dict[str, type[Extract]] = {"scheduler": SchedulerExtract, "journal": JournalExtract}


def read_extract(view: View, path: str, crew: Crew, verify: Verify = sshsig.verify) -> Extract:
    """Read an extract and prove that a service which may publish reports signed it.

    Raises:
        Refused: CANON: not such a document; SIGNOFF-CONTEXT: of something else, or by somebody who is no such service; SIG-*.
    """
    data = view.read(path) or b""
    try:
        extract = decode_json(data, _kind(path), path)
    except DocumentError as error:
        raise Refused("CANON", path, error.message, "publish it again") from error
    signature = check(data, view.read(path + layout.SIG), path, layout.REPORT, extract.signer, verify)
    signer, _ = crew.key_of(extract.signer, signature, view.since(path), path)
    if not isinstance(signer, Service) or "report" not in signer.may:
        message = f"{path}: expected a service that may publish reports, got {extract.signer}"
        raise Refused("SIGNOFF-CONTEXT", path, message, "bot-core policy propose a service that may report")
    named = (extract.repository, f"{FOLDER}/{extract.environment}/{extract.version}")
    if named != (crew.policy.repository, path.rsplit("/", 1)[0]):
        message = f"{path}: expected an extract of {crew.policy.repository} in its own folder, got one of {' '.join(named)}"
        raise Refused("SIGNOFF-CONTEXT", path, message, "move it to the folder of its environment and version")
    return extract


def require_reporter(view: View, path: str, crew: Crew, verify: Verify = sshsig.verify) -> None:
    """Prove that a report which came after the release was signed: by a service that may report, or by a person in any role.

    Raises:
        Refused: SIG-*, or SIGNOFF-CONTEXT: by somebody else.
    """
    signature = check(view.read(path) or b"", view.read(path + layout.SIG), path, layout.REPORT, "a service", verify)
    owners: list[Person | Service] = [*crew.policy.people, *crew.policy.services]
    name = next((owner.name for owner in owners if signature.key in {sshsig.key_blob(key.public) for key in owner.keys}), "nobody")
    signer, _ = crew.key_of(name, signature, view.since(path), path)
    allowed = "report" in signer.may if isinstance(signer, Service) else bool(signer.roles)
    if not allowed:
        message = f"{path}: expected the signature of a service that may report, or of a person in a role, got {name}"
        raise Refused("SIGNOFF-CONTEXT", path, message, "bot-core policy propose gives roles")


def _kind(path: str) -> type[Extract]:
    name = path.rsplit("/", 1)[-1].partition(".")[0]
    if name not in _KINDS:
        raise Refused("PATH", path, f"{path}: expected one of {', '.join(_KINDS)}, got {name}", "publish it again")
    return _KINDS[name]
