"""Who did what, when: the governed changes of the protected branch in a period, with what each signature proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from bot_core.errors import CanonicalError
from bot_core.governance import canonical, layout, sshsig

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from bot_core.governance.git import Change
    from bot_core.governance.snapshot import Snapshot

PLACES = ("compliance", "models", "audit", "CODEOWNERS")
_ACTIONS = {"A": "added", "M": "changed", "D": "deleted", "T": "replaced"}
_KINDS = ("policy", "release", "signoff", "review", "rollback", "halt", "resume", "revocation")


@dataclass(frozen=True, slots=True)
class Event:
    """One change: when it became effective, by which commit, of which file; of a signed document who signed what, with which key."""

    time: dt.datetime
    commit: str
    action: str
    kind: str
    path: str
    signer: str = ""
    role: str = ""
    decision: str = ""
    subject: str = ""
    key: str = ""


def events(view: Snapshot, first: dt.datetime, last: dt.datetime) -> Iterator[Event]:
    """List the governed changes from `first` until before `last`, newest first."""
    for commit, _ in view.git.touched(view.tip, PLACES):
        time = view.times[commit]
        if time < first:
            return
        if time < last:
            yield from _of_commit(view, commit, time)


def _of_commit(view: Snapshot, commit: str, time: dt.datetime) -> Iterator[Event]:
    for change in view.git.commit_changes(commit):
        if not change.path.startswith(PLACES) or change.path.endswith(layout.SIG):
            continue
        kind = kind_of(change.path)
        facts = _facts(view, commit, change) if kind in _KINDS else {}
        yield Event(time, commit, _ACTIONS.get(change.status, change.status), kind, change.path, **facts)


def kind_of(path: str) -> str:
    """Say which kind of document a path holds."""
    parts = path.split("/")
    if path.endswith(".release.yaml"):
        return "release"
    if parts[0] == "compliance" and len(parts) > 2:  # noqa: PLR2004  # compliance/<folder>/<file>
        return {"signoffs": "signoff", "revocations": "revocation"}.get(parts[1], parts[1].removesuffix("s"))
    if parts[:2] == ["audit", "ai_decision"] and len(parts) > 3:  # noqa: PLR2004  # audit/ai_decision/<kind>/<file>
        return parts[2]
    return "policy" if path == layout.POLICY else "artifact" if parts[0] == "models" else parts[-1].partition(".")[0]


def _facts(view: Snapshot, commit: str, change: Change) -> dict[str, str]:
    data = view.git.blob(commit, change.path)
    if data is None:
        return {}
    try:
        plain = canonical.load(data, change.path, comments=True)
    except CanonicalError:
        return {"decision": "not canonical"}
    subject = plain.get("subject")
    named = subject if isinstance(subject, dict) else plain
    words = [str(named[key]) for key in ("kind", "name", "model", "id", "halt", "version", "to_version", "percent") if key in named]
    return {
        "signer": str(plain.get("signer") or plain.get("author") or ""),
        "role": str(plain.get("role") or ""),
        "decision": str(plain.get("decision") or ""),
        "subject": " ".join(words) if not isinstance(subject, str) else subject,
        "key": _key(view, commit, change.path),
    }


def _key(view: Snapshot, commit: str, path: str) -> str:
    """Return the fingerprint of the key whose signature stands beside a document, or say that there is none."""
    armored = view.git.blob(commit, path + layout.SIG)
    if armored is None:
        return "" if path == layout.POLICY else "unsigned"
    try:
        signature = sshsig.read(armored)
        sshsig.verify(cast("bytes", view.git.blob(commit, path)), armored, signature.namespace)
    except sshsig.SignatureError:
        return "does not fit"
    return sshsig.fingerprint(signature.key)
