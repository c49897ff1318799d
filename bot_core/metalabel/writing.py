"""What a training leaves beside each other: the model as JSON, the pickle that the runbook names, and the report.

`meta_model.model.json` is the framework's own form of a trained model and what anything here reads. `meta_model.pkl` holds nothing but
plain values (dictionaries, lists, texts and numbers), so that whoever opens it elsewhere needs no class of this project; nothing in
this project opens it, for opening a pickle runs whatever its author wrote.

Each file is written whole or not at all, the report last: where it is, the others are.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import to_builtins

from bot_core._digest import sha256
from bot_core._parse import encode_json, write_bytes
from bot_core.documents.meta_label import WrittenModel
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.artifact import TrainedModel
    from bot_core.documents.meta_label import MetaLabelReport

_PROTOCOL = 5  # the same bytes from every Python that has it


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the three files go."""

    pickle: Path
    model: Path
    report: Path


def outputs(output: Path, summary: Path | None) -> Outputs:
    """Derive the paths: the report beside the pickle as `.json`, the model as `.model.json`.

    Raises:
        ConfigError: two of them would be one file.
    """
    found = Outputs(output, output.with_suffix(".model.json"), summary or output.with_suffix(".json"))
    if len({found.pickle, found.model, found.report}) < 3:  # noqa: PLR2004  # three files
        msg = f"--output {output}: expected three files with names of their own, got {found.pickle}, {found.model}, {found.report}"
        raise ConfigError(msg, hint="end --output in .pkl, and --summary in .json")
    return found


def written(model: TrainedModel, to: Outputs) -> WrittenModel:
    """Name the model's file by its bytes, before it is there."""
    return WrittenModel(path=str(to.model), digest=sha256(encode_json(model)), pickle=str(to.pickle))


def write(model: TrainedModel, found: MetaLabelReport, to: Outputs) -> None:
    """Write model, pickle and report.

    Raises:
        AuditError: a file could not be written; one that was there before is untouched.
    """
    write_bytes(to.model, encode_json(model))
    write_bytes(to.pickle, pickle.dumps(_plain(model, found), protocol=_PROTOCOL))
    write_bytes(to.report, encode_json(found))


def _plain(model: TrainedModel, found: MetaLabelReport) -> dict[str, object]:
    return {
        "model": to_builtins(model),
        "feature_columns": list(found.feature_columns),
        "label_column": found.table.label_column,
        "time_column": found.table.time_column,
        "created_at": found.created_at.isoformat(),
        "metrics": {name: spread.mean for name, spread in found.metrics.items()},
    }
