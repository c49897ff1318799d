"""What a gate may know of a scheduler and a journal that it cannot see: extracts that a running environment's service signed.

The checklist's `scheduler_current` and `loop_produced` are answered from the environment that the policy asks for before this one
(`after`). Of each kind the newest sound extract counts: signed by a service that may report, of this repository, model, version and
environment, on the protected branch or in the proposal at the time that counts, about the time that the release stood there. Any other
counts for nothing and is noted. An environment without `after` is asked about itself: only a release that stood there before can show
anything, so such items belong into the checklists of environments that have an `after`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core._parse import decode_json
from bot_core.documents.operation import JournalExtract, SchedulerExtract
from bot_core.documents.policy import Service
from bot_core.errors import DocumentError
from bot_core.governance import layout, sshsig, stages
from bot_core.governance.reading import check, signer_of
from bot_core.governance.reasons import Reason, Refused
from bot_core.governance.snapshot import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot_core.documents.policy import EnvironmentPolicy, Person
    from bot_core.documents.release import ReleaseManifest
    from bot_core.governance.crew import Crew
    from bot_core.governance.reading import Signed, Verify
    from bot_core.governance.snapshot import View

FOLDER = "audit/ai_decision/operation"
SCHEDULER, LOOP = "scheduler_current", "loop_produced"
CHECKS = {SCHEDULER: "scheduler", LOOP: "journal"}
Extract = SchedulerExtract | JournalExtract
_KINDS: dict[str, type[Extract]] = {"scheduler": SchedulerExtract, "journal": JournalExtract}


@dataclass(frozen=True, slots=True)
class Gap:
    """Why the machine says no: the reason's code and file, what was found instead, and what supplies it."""

    code: str
    path: str
    got: str
    hint: str


@dataclass(frozen=True, slots=True)
class Running:
    """What an environment shows of a release: by kind, the extract that counts and its path; and why others count for nothing."""

    environment: str
    folder: str
    found: Mapping[str, tuple[str, Extract]]
    notes: tuple[Reason, ...]
    hint: str

    def says(self, question: str) -> bool:
        """Answer one of `CHECKS`."""
        return self.gap(question) is None

    def gap(self, question: str) -> Gap | None:
        """Say why the answer to one of `CHECKS` is no; nothing where it is yes. What is not there is outstanding, not refused."""
        kind = CHECKS[question]
        if kind not in self.found:
            return Gap("RPT-MISSING", self.folder, f"no {kind} extract of {self.environment} that counts", self.hint)
        path, extract = self.found[kind]
        got = _against(extract)
        return Gap("CHECK-FAILED", path, f"{got} in {path}", f"mend it in {self.environment}; {self.hint}") if got else None


def running(
    view: View,
    rules: EnvironmentPolicy,
    release: Signed[ReleaseManifest],
    crew: Crew,
    at: dt.datetime,
    verify: Verify = sshsig.verify,
) -> Running:
    """Find what the environment before this one shows of a release, as of a time."""
    environment = rules.after.environment if rules.after else rules.name
    page = release.document
    folder = f"{FOLDER}/{environment}/{page.version}"
    paths = newest_first(view, folder)
    view.expect([*(path for own in paths.values() for path in own), *(report.path for report in page.reports)])
    found: dict[str, tuple[str, Extract]] = {}
    notes: list[Reason] = []
    for kind, own in paths.items():
        for path in (path for path in own if view.since(path) <= at + TOLERANCE):
            try:
                extract = read_of(view, path, page.model, crew, verify)
                _require_timely(view, path, extract, release.digest, at)
            except Refused as problem:
                notes.append(problem.reason)
                continue
            found[kind] = path, extract
            break
    return Running(environment, folder, found, tuple(notes), hint(environment, page.model, page.version, rules))


def hint(environment: str, model: str, version: str, rules: EnvironmentPolicy) -> str:
    """Say what supplies an extract."""
    if rules.after is None:
        return f"bot-core policy propose what comes before {rules.name} (after), or a checklist without the item"
    publish = f"bot-core audit publish --env {environment} --journal FILE --key KEY --signer SERVICE"
    return f"{publish}; then bot-core promote {model} {version} --env {rules.name}"


def newest_first(view: View, folder: str) -> dict[str, list[str]]:
    """List a folder's extracts by kind, by the time in their names."""
    names = [name for name in reversed(view.names(folder)) if name.endswith(".json")]
    listed = {kind: [f"{folder}/{name}" for name in names if name.startswith(f"{kind}.")] for kind in _KINDS}
    return {kind: paths for kind, paths in listed.items() if paths}


def path_of(extract: Extract) -> str:
    """Return the file of an extract: its environment, version, kind and time."""
    kind = next(name for name, document in _KINDS.items() if isinstance(extract, document))
    published = layout.stamp(extract.published.astimezone(dt.UTC))
    return f"{FOLDER}/{extract.environment}/{extract.version}/{kind}.{published}.json"


def read_of(view: View, path: str, model: str, crew: Crew, verify: Verify = sshsig.verify) -> Extract:
    """Read an extract of a model.

    Raises:
        Refused: as `read_extract`, or SIGNOFF-CONTEXT: of another model.
    """
    extract = read_extract(view, path, crew, verify)
    if extract.model != model:
        message = f"{path}: model: expected {model}, got {extract.model}"
        raise Refused("SIGNOFF-CONTEXT", path, message, "publish one of this model")
    return extract


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
    signer, _ = signer_of(view, crew, extract.signer, signature, view.since(path), path)
    if not isinstance(signer, Service) or "report" not in signer.may:
        message = f"{path}: expected a service that may publish reports, got {extract.signer}"
        raise Refused("SIGNOFF-CONTEXT", path, message, "bot-core policy propose a service that may report")
    named = (extract.repository, path_of(extract))
    if named != (crew.policy.repository, path):
        message = f"{path}: expected an extract of {crew.policy.repository} where its content belongs, got one of {' '.join(named)}"
        raise Refused("SIGNOFF-CONTEXT", path, message, "publish it here: bot-core audit publish")
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


def _require_timely(view: View, path: str, extract: Extract, digest: str, at: dt.datetime) -> None:
    """Prove that an extract is not dated ahead, and speaks of a time at which the release stood there."""
    first, last = (extract.first, extract.last) if isinstance(extract, JournalExtract) else (extract.published, extract.published)
    since = view.since(path)
    if not first <= last <= extract.published + TOLERANCE or extract.published > since + TOLERANCE:
        message = f"{path}: published: expected from {_utc(last)} to {_utc(since)}, got {_utc(extract.published)}"
        raise Refused("RPT-STALE", path, message, "set the service's clock, and publish again")
    stay = _stay(view, extract.environment, digest, first, at)
    if stay is None or last > stay[1] + TOLERANCE:
        stood = f"from {_utc(stay[0])} to {_utc(stay[1])}" if stay else "later or never"
        got = f"{_utc(first)} to {_utc(last)}"
        message = f"{path}: expected the time that {extract.version} stood in {extract.environment}, {stood}; got {got}"
        raise Refused("RPT-STALE", path, message, "publish again while it stands there")


def _stay(view: View, environment: str, digest: str, first: dt.datetime, at: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """Find the last span in which a release stood in an environment that began no later than `first`; history before it is not read."""
    found = next((run for run in stages.runs(view, environment, digest) if run.since <= first), None)
    return (found.since, min(found.until or at, at)) if found else None


def _against(extract: Extract) -> str:
    """Say what an extract shows that is not what was asked; nothing where it is."""
    match extract:
        case SchedulerExtract():
            current = extract.last_run <= extract.published + TOLERANCE and extract.published < extract.next_run
            times = f"{_utc(extract.last_run)}, next {_utc(extract.next_run)}, as of {_utc(extract.published)}"
            return "" if current else f"last run {times}"
        case JournalExtract():
            ready = "ready" if extract.is_ready else "not ready"
            return "" if extract.is_ready and extract.candidates else f"{ready}, {extract.candidates} candidates"


def _utc(time: dt.datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
