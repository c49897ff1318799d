"""A compact real meta-label model of the compact model's own signals, on a machine and in a governed repository beside it."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import yaml

from bot_core._parse import convert, encode_json, write_bytes
from bot_core.ai.drift import assess_drift
from bot_core.ai.task import task_of
from bot_core.ai.training import Origin, train_model
from bot_core.ai.validation import WalkForwardValidator
from bot_core.ai.windows import WalkForwardPlan, duration
from bot_core.config.events import Barriers
from bot_core.config.models import PipelineConfig
from bot_core.documents.domain import MetaLabel
from bot_core.documents.runtime import Servable
from bot_core.features.featurize import featurize
from bot_core.governance import layout, writing
from bot_core.governance.manifest import manifest
from bot_core.metalabel.events import build_events, read_bars
from tests.compact import DIGEST, ROOT, Built, built, stamped
from tests.evidence import data_quality
from tests.machine import LAX, MODEL, NOW, SKIP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.machine import Machine
    from tests.runtime_world import RuntimeWorld

META = "decision_meta"
NAMES = ["side", "primary_prediction", "momentum", "volume_ratio"]
MIDDLE = "0.51"
"""About the median of what the compact model says of long trades: as a condition it lets many pass and holds many back."""


@cache
def built_meta(seed: int = 7, primary: int = 7) -> Built:
    """Run the stages of a meta-label model on the signals of the compact model of a seed."""
    whose = convert(json.loads(built(MODEL, primary).config), PipelineConfig, "compact")
    table = build_events(read_bars(whose), whose, Barriers(horizon=4, volatility_window=24))
    plain = {
        "data": _conf("data/decision_events"),
        "features": {"kind": "columns", "columns": NAMES},
        "target": _conf("target/meta_label"),
        "model": {"family": "lightgbm", "objective": "binary", "num_leaves": 7, "rounds": 20, "min_data_in_leaf": 50, "seed": seed},
        "validation": {**_conf("validation/hourly"), "loss": "squared", "walk_forward": {"windows": 3}},
        "monitoring": _conf("monitoring/default"),
    }
    config = convert(plain, PipelineConfig, "compact meta")
    rows = featurize(table.rename(columns={"event_end": "label_end", "meta_label": "label"}), config.features, config.target)
    trained = train_model(rows, config, Origin(META, "eurusd", DIGEST, DIGEST))
    evidence, shape = config.validation, config.validation.walk_forward
    plan = WalkForwardPlan(shape.windows, duration(evidence.embargo), shape.mode, shape.first_train_share)
    forward = WalkForwardValidator(rows, task_of(config.target), plan).validate(config.model, evidence, name=META, workers=1)
    learned = rows.rows(np.flatnonzero(rows.times <= np.datetime64(trained.metadata.train.last.removesuffix("Z"))))
    watched = config.monitoring.drift
    drift = assess_drift(learned, rows.rows(slice(len(rows) - watched.window, None)), watched, model=META)
    documents = {"walk_forward": forward, "data_quality": data_quality(META, "ok"), "drift": drift}
    return Built(trained, encode_json(plain), {kind: encode_json(document) for kind, document in documents.items()})


def write_meta(root: Path, created: dt.datetime, seed: int = 7) -> str:
    """Write a release's files into a repository, as `bot-core release` would; return the version."""
    found = built_meta(seed)
    artifact = stamped(found, created)
    version = artifact.metadata.version
    for kind, report in found.reports.items():
        write_bytes(root / f"audit/ai_decision/{kind}/{version}.json", report)
    write_bytes(root / f"audit/ai_decision/config/{version}.json", found.config)
    write_bytes(root / f"models/{META}/{version}.json", encode_json(artifact))
    write_bytes(root / f"models/{META}/{version}.md", f"# {META}\n".encode())
    return version


# --- on a machine, as if proven ---


def meta_record(machine: Machine, seed: int = 7, *, rollout: int = 100) -> Servable:
    """Keep all that a compact meta-label release needs."""
    version, found = write_meta(machine.root, NOW - dt.timedelta(days=1, seconds=seed), seed), built_meta(seed)
    return Servable(
        model=META,
        version=version,
        release=machine.folder.keep(version.encode()),
        artifact=machine.folder.keep((machine.root / f"models/{META}/{version}.json").read_bytes()),
        domain=machine.domain(name="trade_gate", models=[META], thresholds={}, rules=[SKIP]),
        config=machine.folder.keep(found.config),
        drift=machine.folder.keep(found.reports["drift"]),
        rollout=rollout,
        commit="0" * 40,
    )


def gated(machine: Machine, min_probability: str = MIDDLE, **record: object) -> Servable:
    """Keep a compact primary whose domain asks the meta-label model, and else lets everything pass."""
    condition = {MODEL: MetaLabel(model=META, min_probability=min_probability)}
    return machine.record(**{"thresholds": LAX, "meta_label": condition, "cost_bps": 0.0, **record})  # type: ignore[arg-type]


# --- in a governed repository ---


def release_meta(world: RuntimeWorld, seed: int = 7) -> str:
    """Release, promote and sign the meta-label model in paper; return the version."""
    created = dt.datetime.now(dt.UTC).replace(microsecond=0) + world.shift
    version = write_meta(world.path, created, seed)
    path = layout.manifest(META, version)
    document = manifest(world.path, META, version, "eve")
    writing.write(world.path, writing.signed(document, path, layout.RELEASE, world.key("eve"), None, created))
    world.commit(f"Release {META} {version}")
    _merged(world, META, version)
    return version


def gate_primary(world: RuntimeWorld, min_probability: str = MIDDLE) -> None:
    """Let the primary's domain ask the meta-label model: a new domain file, promoted and signed."""
    world.edit(
        "conf/decision/trade_entry.yaml",
        "rules:\n",
        f'meta_label:\n  {MODEL}: {{model: {META}, min_probability: "{min_probability}"}}\nrules:\n',
    )
    world.commit("Trades of the primary must be confirmed")
    _merged(world, MODEL, world.version)


def _merged(world: RuntimeWorld, model: str, version: str) -> None:
    world.ok("promote", model, version, "--env", "paper")
    branch = world.git("rev-parse", "--abbrev-ref", "HEAD")
    world.sign_off("risk", env="paper", subject=(model, version))
    world.merge(branch)
    world.git("branch", "-D", branch)
    world.push()


def _conf(name: str) -> dict[str, object]:
    return dict(yaml.safe_load((ROOT / f"conf/{name}.yaml").read_text()))
