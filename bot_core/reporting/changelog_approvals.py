"""Who has said what of a release, in every environment: signatures that were proven, and why others were not.

History, and no judgement of what may decide now, which is `bot-core status`: a sign-off whose time is over was given all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.documents.signoff import SignOff, Subject
from bot_core.governance import layout
from bot_core.governance.reading import read_signed
from bot_core.governance.reasons import Refused
from bot_core.governance.signoffs import Asked, require_context

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from bot_core.documents.policy import EnvironmentPolicy
    from bot_core.governance.crew import Crew
    from bot_core.governance.snapshot import Snapshot

FOLDER = "compliance/signoffs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One sign-off: where, in which role, by whom, yes or no, when. `problem` is the code of why it proves nothing."""

    environment: str
    role: str
    signer: str
    decision: str
    issued: dt.datetime | None
    problem: str = ""


def approvals(view: Snapshot, crew: Crew, subject: Subject) -> tuple[Approval, ...]:
    """List what was signed of a release, by environment and file.

    Args:
        view: what a commit holds.
        crew: the people and keys that count.
        subject: the release, named by its manifest's digest.
    """
    environments = [(name, crew.policy.environment(name)) for name in view.folders(FOLDER)]
    return tuple(one for name, rules in environments if rules is not None for one in _of(view, crew, subject, name, rules))


def _of(view: Snapshot, crew: Crew, subject: Subject, name: str, rules: EnvironmentPolicy) -> Iterator[Approval]:
    folder = layout.signoffs(name, subject)
    paths = [f"{folder}/{file}" for file in view.names(folder) if file.startswith("release.") and file.endswith(".yaml")]
    view.expect(paths)
    for path in sorted(paths):
        _, role, who, *_ = path.rsplit("/", 1)[-1].split(".")
        try:
            signed = read_signed(view, path, SignOff, layout.SIGNOFF, crew)
            require_context(signed, Asked(subject, rules, {}, signed.since), crew)
        except Refused as problem:
            yield Approval(environment=name, role=role, signer=who, decision="unproven", issued=None, problem=problem.code)
            continue
        word = signed.document
        yield Approval(environment=name, role=word.role, signer=word.signer, decision=word.decision, issued=word.issued)
