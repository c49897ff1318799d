"""One run of one job, step by step: clone, ingest, reproduce, contest, release, commit, push, propose.

Where a run stands is a file that is replaced after each step. A run that was killed goes on after its last finished step; each step, done
again from its beginning, does the same again. Nothing here promotes: a run ends with a branch and the words of a pull request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from bot_core._digest import sha256_file, short
from bot_core._parse import decode_json, encode_json, read_json, write_bytes, write_json
from bot_core.documents.contest import ContestReport
from bot_core.documents.retraining import RetrainingRun
from bot_core.errors import DocumentError, RetrainingError
from bot_core.retraining.briefing import describe
from bot_core.retraining.reproducing import reproduce
from bot_core.tracking.builds import record_built

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from bot_core.documents.artifact import TrainedModel
    from bot_core.documents.retraining import Step
    from bot_core.retraining.checkout import Checkout
    from bot_core.retraining.hosts import Host

    Say = Callable[[str], None]
    Act = Callable[["Job", RetrainingRun], "RetrainingRun | Ended"]

STATE = "run.json"
TEXT = "pull_request.md"
CONTEST = "audit/ai_decision/contest"


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is told: whose it is, where it works, who is asked to merge, into what, and who signs the release."""

    name: str
    folder: Path
    checkout: Checkout
    host: Host
    base: str = "main"
    author: tuple[str, Path] | None = None

    @property
    def state(self) -> Path:
        """Where the run stands."""
        return self.folder / STATE

    @property
    def build(self) -> Path:
        """What the clone built."""
        return self.checkout.tree / "build" / self.name


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: `proposed`, `nothing_new` or `kept`, with the sentence that says why."""

    run: RetrainingRun
    outcome: Literal["proposed", "nothing_new", "kept"]
    reason: str


def go_on(job: Job, now: dt.datetime, say: Say) -> Ended:
    """Begin a job's run, or go on with the one that was interrupted, to its end.

    Args:
        job: whose, where and how.
        now: when this run begins, if none is under way; also the time of its release.
        say: told each step as it ends.

    Raises:
        BotCoreError: a step fails; what was done before it is kept.
    """
    run = standing(job)
    if run is None:
        run = _kept(job, _clone(job, now))
        say(_told(run))
    job.checkout.unlock()
    for after, step in _STEPS:
        if run.step != after:
            continue
        found = step(job, run)
        if isinstance(found, Ended):
            return found
        if found.step == "reproduced":
            _track(job, say)
        run = _kept(job, found)
        say(_told(run))
    return Ended(run, "proposed", run.contest.reason if run.contest else "")


def standing(job: Job) -> RetrainingRun | None:
    """Return where an interrupted run stands; nothing where there is none, or where its clone is gone.

    Raises:
        DocumentError: the file is damaged.
    """
    if not (job.state.is_file() and job.checkout.tree.is_dir()):
        return None
    try:
        return read_json(job.state, RetrainingRun)
    except DocumentError as error:
        raise DocumentError(error.message, hint=f"rm -r {job.folder} begins the run anew; nothing was proposed") from error


def finish(job: Job) -> None:
    """Forget a run that has ended and was recorded; its text stays."""
    job.state.unlink(missing_ok=True)
    job.checkout.remove()


# --- the steps ---


class Came(msgspec.Struct, frozen=True):
    """What `pipelines.update` says: how many rows came, the newest one's time, and a sentence."""

    rows_added: int
    last: str | None
    note: str


def _clone(job: Job, now: dt.datetime) -> RetrainingRun:
    base = job.checkout.begin(job.base)
    return RetrainingRun(run=f"{now:%Y%m%dT%H%M%SZ}-{job.name}", job=job.name, started=now, base=base, step="cloned")


def _ingest(job: Job, run: RetrainingRun) -> RetrainingRun:
    """Fetch newer rows and commit them; a run that was killed in between starts from the first commit again."""
    tree = job.checkout
    tree.restore(run.base)
    tree.python("pipelines.compose", job.name)
    said = tree.python("pipelines.update", job.name, str(tree.root.resolve()), run.started.isoformat())
    found = decode_json(said.encode(), Came, f"{job.name}: pipelines.update")
    if found.rows_added:
        tree.commit(f"Bring {found.rows_added:,} rows to {job.name}, up to {found.last}")
    return replace(run, step="ingested", rows=found.rows_added, note=found.note)


def _reproduce(job: Job, run: RetrainingRun) -> RetrainingRun:
    """Build what is stale and commit the lock and the figures, so that the release comes from committed inputs.

    Where rows came, every model of the roster that reads them is built, for the lock that is committed must hold for all of them.
    """
    found = reproduce(job.checkout.tree, () if run.rows else (job.name,))
    mine = next(model for model in found.models if model.model == job.name)
    if mine.failure is not None:
        msg = f"{job.name}: expected all stages to reach their end, got {mine.stopped_at}: {mine.failure.message}"
        raise RetrainingError(msg, hint=mine.failure.hint)
    return replace(run, step="reproduced", commit=job.checkout.commit(f"Train {job.name} anew"))


def _track(job: Job, say: Say) -> None:
    """Record the training in the repository here, and say what could not be told; no tracker stops a run."""
    for recorded in record_built(job.checkout.root, (job.name,), made=job.checkout.tree):
        for line in recorded.words():
            say(line)


def _contest(job: Job, run: RetrainingRun) -> RetrainingRun | Ended:
    """Hold the challenger against the champion; end here unless it may be proposed."""
    there = _released(job, short(sha256_file(job.build / "model.json")))
    if there:
        return Ended(run, "nothing_new", f"the same model again: {there}")
    job.checkout.python("pipelines.contest", job.name)
    report = read_json(job.build / "contest.json", ContestReport)
    run = replace(run, step="contested", contest=report)
    return run if report.proposable else Ended(run, "kept", f"{report.verdict}: {report.reason}")


def _release(job: Job, run: RetrainingRun) -> RetrainingRun:
    """Stamp and archive; the contest's report is evidence like the others."""
    signed = ("--author", job.author[0], "--key", str(job.author[1].resolve())) if job.author else ()
    told = json.loads(job.checkout.bot_core("release", job.name, *signed, "--format", "json"))
    version = str(told["version"])
    write_bytes(job.checkout.tree / CONTEST / f"{version}.json", encode_json(run.contest))
    return replace(run, step="released", version=version, branch=f"retrain/{job.name}/{version}")


def _commit(job: Job, run: RetrainingRun) -> RetrainingRun:
    return replace(run, step="committed", commit=job.checkout.commit(f"Release {job.name} {run.version}"))


def _push(job: Job, run: RetrainingRun) -> RetrainingRun:
    """Push the branch; one that is there already with another commit is somebody else's, and ours takes the next name."""
    assert run.branch is not None  # noqa: S101  # it was named with the release
    there = job.checkout.branches(run.branch)
    branch = next(name for name in _names(run.branch) if there.get(name) in (None, run.commit))
    if there.get(branch) is None:
        job.checkout.push(branch)
    return replace(run, step="pushed", branch=branch)


def _propose(job: Job, run: RetrainingRun) -> RetrainingRun:
    """Write the words and ask for the merge; asked twice, a host updates what it has."""
    text = describe(job.checkout.tree, run, base=job.base, author=job.author[0] if job.author else None)
    write_bytes(job.folder / TEXT, f"# {text.title}\n\n{text.body}".encode())
    assert run.branch is not None  # noqa: S101  # as above
    return replace(run, step="proposed", url=job.host.propose(run.branch, text.title, text.body).url)


_STEPS: tuple[tuple[Step, Act], ...] = (
    ("cloned", _ingest),
    ("ingested", _reproduce),
    ("reproduced", _contest),
    ("contested", _release),
    ("released", _commit),
    ("committed", _push),
    ("pushed", _propose),
)


def _told(run: RetrainingRun) -> str:
    """Say in a few words what the last step did."""
    verdict = f"{run.contest.verdict}: {run.contest.reason}" if run.contest else ""
    words = {
        "cloned": f"cloned at {run.base[:8]}",
        "ingested": f"{run.rows:,} new rows" + (f" ({run.note})" if run.note else ""),
        "reproduced": "reproduced",
        "contested": verdict,
        "released": f"released {run.version}",
        "committed": f"committed {(run.commit or '')[:8]}",
        "pushed": f"pushed {run.branch}",
        "proposed": f"proposed {run.url or run.branch}",
    }
    return words[run.step]


# --- what they need ---


def _kept(job: Job, run: RetrainingRun) -> RetrainingRun:
    write_json(job.state, run)
    return run


def _released(job: Job, suffix: str) -> str:
    """Say where the same content was released or proposed before: on the protected branch, or on one of our branches."""
    here = sorted((job.checkout.tree / "models" / job.name).glob(f"*-{suffix}.json"))
    if here:
        return here[-1].stem
    prefix = f"retrain/{job.name}/"
    return next((name for name in sorted(job.checkout.branches(prefix)) if suffix in name.removeprefix(prefix)), "")


def _names(branch: str) -> list[str]:
    return [branch, *(f"{branch}-{number}" for number in range(2, 100))]


def metrics(model: TrainedModel) -> dict[str, float]:
    """Return a model's out-of-sample figures."""
    figures = {name: getattr(model.metrics.summary, name) for name in model.metrics.summary.__struct_fields__}
    return {name: float(value) for name, value in figures.items() if isinstance(value, int | float) and not isinstance(value, bool)}
