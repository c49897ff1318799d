"""The words of a run's pull request, from what its clone holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot_core._parse import decode_json, read_bytes
from bot_core.config.jobs import load_schedule
from bot_core.documents.walk_forward import WalkForwardReport
from bot_core.governance import layout
from bot_core.governance.desk import Desk, policy_of
from bot_core.reporting.evidence import read_evidence
from bot_core.reporting.proposal import Case, Champion, Text, proposal_text
from bot_core.retraining.champion import artifact_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot_core.documents.policy import Policy
    from bot_core.documents.retraining import RetrainingRun

REPORTS = "audit/ai_decision"


def describe(tree: Path, run: RetrainingRun, *, base: str, author: str | None) -> Text:
    """Write the title and the body of a run's pull request.

    Args:
        tree: the run's clone; what it released is committed there.
        run: it has a contest, a version and a branch.
        base: the protected branch.
        author: who signed the release; nobody did without one.

    Raises:
        DocumentError: a file of the clone is not what it should be.
    """
    assert run.contest is not None  # noqa: S101  # a run is described after its contest and release
    assert run.version is not None  # noqa: S101
    environment = load_schedule(tree, run.job).proposal.environment
    build = tree / "build" / run.job
    return proposal_text(
        Case(
            environment=environment,
            branch=run.branch or "",
            version=run.version,
            evidence=read_evidence(build, run.job),
            config=_plain(build / "config.json"),
            contest=run.contest,
            champion=_champion(tree, run),
            policy=_policy(tree, run),
            authors=(author,) if author else (),
            rows_added=run.rows,
            note=run.note,
            base=base,
        )
    )


def _champion(tree: Path, run: RetrainingRun) -> Champion | None:
    version = run.contest.champion_version if run.contest else None
    if version is None:
        return None
    path = f"{REPORTS}/walk_forward/{version}.json"
    return Champion(
        version=version,
        trained=artifact_of(tree, run.job, version),
        walk_forward=decode_json(read_bytes(tree / path), WalkForwardReport, path),
        config=_plain(tree / REPORTS / "config" / f"{version}.json"),
    )


def _policy(tree: Path, run: RetrainingRun) -> Policy | None:
    view = Desk(tree, run.started).view
    return policy_of(view) if view.read(layout.POLICY) is not None else None


def _plain(path: Path) -> Mapping[str, object]:
    found: dict[str, object] = json.loads(read_bytes(path))
    return found
