"""Reports that came after the release: `audit/ai_decision/{drift,data_quality,degradation}/<version>.<time>.json`.

They are of the release's own kinds, or of a running model's monitor; each says by its `schema` which. One that says neither, or cannot be
read, counts as critical.

A critical one takes the release back to not eligible, at the next evaluation, until somebody in an approving role has dismissed it in a
signed review of exactly that file. A later report that is well does not undo it: nobody signed that it does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.reports import read_report
from bot_core.errors import DocumentError
from bot_core.governance import layout, sshsig, stages
from bot_core.governance.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot_core.documents.environment import Entry
    from bot_core.documents.policy import EnvironmentPolicy
    from bot_core.documents.reports import Category
    from bot_core.governance.crew import Crew
    from bot_core.governance.reading import Verify
    from bot_core.governance.snapshot import View

LATER = re.compile(rf"audit/ai_decision/(drift|data_quality|degradation)/{layout.VERSION}\.{layout.STAMP}\.json")
_CATEGORIES: tuple[Category, ...] = ("drift", "data_quality", "degradation")


def open_alerts(view: View, rules: EnvironmentPolicy, entry: Entry, crew: Crew, verify: Verify = sshsig.verify) -> Iterator[Reason]:
    """Say which later reports of an entry's release are critical, or unreadable, and not dismissed."""
    for kind in _CATEGORIES:
        name = alert_name(entry.model, kind)
        critical = [path for path in later(view, kind, entry.version) if _is_critical(view.read(path) or b"", kind, path)]
        dismissed = _dismissed(view, rules, name, crew, verify) if critical else set[str]()
        for path in critical:
            if sha256(view.read(path) or b"") not in dismissed:
                message = f"{path}: expected a status better than critical, got critical"
                tail = f"review alert {name} {path} --role ROLE --signer NAME --key KEY --dismiss"
                hint = f"{stages.RUNBOOK}; bot-core rollback {entry.model} --env {rules.name}, or bot-core {tail}"
                yield Reason("RPT-FAILED", path, message, hint)


def later(view: View, kind: str, version: str) -> list[str]:
    """List the reports of a kind that came after a release, oldest first."""
    folder = f"audit/ai_decision/{kind}"
    pattern = re.compile(rf"{re.escape(version)}\.{layout.STAMP}\.json")
    return [f"{folder}/{name}" for name in view.names(folder) if pattern.fullmatch(name)]


def alert_name(model: str, kind: str) -> str:
    """Return the name that answers to a model's alerts are filed under."""
    return f"{model}.{kind}"


def _is_critical(data: bytes, kind: Category, path: str) -> bool:
    try:
        return read_report(data, kind, path).status == "critical"
    except DocumentError:
        return True


def _dismissed(view: View, rules: EnvironmentPolicy, name: str, crew: Crew, verify: Verify) -> set[str]:
    answers = stages.reviews(view, "alert", name, crew, verify)
    return {s.document.digest for s in answers if s.document.decision == "dismiss" and s.document.role in rules.approvals}
