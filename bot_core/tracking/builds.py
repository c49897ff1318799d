"""What a tracker is told of a model that the pipeline built: read from `build/<model>/`, whoever built it and however.

The id comes from the model and its figures: building the same again is the same run. When it was trained is when its file was written; no
stage has a clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256, sha256_file, short
from bot_core._parse import decode_json, read_bytes
from bot_core.config.load import load_config
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.tracking import Origin, TrackedFile, TrackedRun, finite, run_id
from bot_core.errors import BotCoreError, GitError
from bot_core.governance import worktree
from bot_core.governance.release import INPUTS, LOCK
from bot_core.tracking.recording import record_all, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot_core.config.models import PipelineConfig
    from bot_core.config.tracking import TrackingConfig
    from bot_core.documents.scores import Scores
    from bot_core.documents.tracking import Delivery

LEFT = ("config.json", "model.json", "metrics.json", "data_quality.json", "walk_forward.json", "drift.json", "card.md")
READ = tuple(place for place in INPUTS if place != "dvc.lock")
_SECTIONS = ("data", "target", "model", "validation")
_LONGEST = 6000  # characters of one parameter

Figures = dict[str, float | bool | str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of recording a model: its delivery, or why there is none."""

    model: str
    delivery: Delivery | None = None
    problem: BotCoreError | None = None

    def words(self) -> Iterator[str]:
        """Say what somebody should know of it."""
        if self.problem is not None:
            yield f"warning: {self.model}: not recorded: {self.problem}"
        elif self.delivery is not None:
            yield from (f"{self.model}: {line}" for line in words(self.delivery))


def record_built(
    root: Path, models: Sequence[str], *, to: TrackingConfig | None = None, made: Path | None = None
) -> list[Recorded]:
    """Record what was built of some models, and tell their trackers. It raises nothing that was foreseen: what it follows has ended well.

    Args:
        root: the repository in which runs are recorded.
        models: of the roster.
        to: who is told; by default whom each model was composed with.
        made: where they were built, if not there.
    """
    read = [_read(made or root, model, to) for model in models]
    found = [entry for entry in read if not isinstance(entry, Recorded)]
    try:
        deliveries = record_all(found, root, made=made)
    except BotCoreError as error:
        return [entry if isinstance(entry, Recorded) else Recorded(entry[0].model, problem=error) for entry in read]
    done = iter(deliveries)
    return [entry if isinstance(entry, Recorded) else Recorded(entry[0].model, next(done)) for entry in read]


def _read(root: Path, model: str, to: TrackingConfig | None) -> tuple[TrackedRun, TrackingConfig] | Recorded:
    try:
        return built(root, model), to or load_config(root / "build" / model / "config.json").tracking
    except BotCoreError as error:
        return Recorded(model, problem=error)


def built(root: Path, model: str) -> TrackedRun:
    """Read what a model's stages left.

    Args:
        root: the repository, or a run's clone.
        model: a model of the roster.

    Raises:
        DocumentError: it was not built to its end, or a file is damaged.
        ConfigError: its configuration is not what the typed groups allow.
    """
    build = root / "build" / model
    learned, written = read_bytes(build / "model.json"), read_bytes(build / "metrics.json")
    trained = decode_json(learned, TrainedModel, str(build / "model.json"))
    figures: Figures = decode_json(written, Figures, str(build / "metrics.json"))
    ended = dt.datetime.fromtimestamp(int((build / "model.json").stat().st_mtime), dt.UTC)
    return TrackedRun(
        id=run_id("build", model, sha256(learned), sha256(written)),
        name=f"{model}-{short(sha256(learned))}",
        experiment=model,
        model=model,
        started=ended,
        ended=ended,
        origin=_origin(root, build, trained),
        params=_params(load_config(build / "config.json"), trained),
        metrics=_metrics(trained, figures),
        tags=_tags(trained, figures),
        files=[
            TrackedFile(path=f"build/{model}/{name}", digest=sha256_file(build / name)) for name in LEFT if (build / name).is_file()
        ],
    )


def _origin(root: Path, build: Path, trained: TrainedModel) -> Origin:
    commit, clean = _commit(root)
    return Origin(
        commit=commit,
        clean=clean,
        data=trained.metadata.data_digest,
        config=sha256_file(build / "config.json"),
        environment=sha256_file(root / LOCK),
    )


def _commit(root: Path) -> tuple[str | None, bool]:
    """Return the commit here, and whether all that training reads is as it says; nothing outside a repository."""
    try:
        return worktree.head(root), not worktree.changed(root, READ)
    except GitError:
        return None, False


def _params(config: PipelineConfig, trained: TrainedModel) -> dict[str, str]:
    """Spell out what the model was told, a parameter for each value, under its name in the configuration."""
    plain = msgspec.to_builtins(config)
    told = {line: text for section in _SECTIONS for line, text in _leaves(section, plain[section])}
    return {**told, "features": ", ".join(trained.feature_names)[:_LONGEST], "rounds": str(trained.metadata.rounds)}


def _leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner)
    elif value is not None:
        yield name, (value if isinstance(value, str) else msgspec.json.encode(value).decode())[:_LONGEST]


def _metrics(trained: TrainedModel, figures: Figures) -> dict[str, float]:
    """Return the pooled figures of walk-forward under their names, and those of the test rows under `test/`."""
    pooled = {name: value for name, value in figures.items() if not isinstance(value, str | bool)}
    return finite({**pooled, **{f"test/{name}": value for name, value in _figures(trained.metrics.test).items()}})


def _figures(scores: Scores) -> dict[str, float | None]:
    return {name: getattr(scores, name) for name in scores.__struct_fields__}


def _tags(trained: TrainedModel, figures: Figures) -> dict[str, str]:
    said = {name: value for name, value in figures.items() if isinstance(value, str)}
    metadata = trained.metadata
    return {**said, "task": metadata.task, "unit": metadata.unit, "target": metadata.target, "instrument": metadata.instrument}
