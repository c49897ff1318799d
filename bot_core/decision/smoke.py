"""Would what is in force accept anything, and if not, why? Files in, one report out. Pure: nothing is decided by it, nothing is recorded.

1. A candidate is judged by the model that its strategy names, within that model's own limits; each sees the account with the accepted
   ones before it.
2. A model is given what it reads of the features that a candidate carries. What it does not read is left out, and the report says so; what
   it lacks rejects.
3. It passes where every model gave a score of at least one candidate, and something was accepted, unless nothing has to be.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from bot_core._digest import sha256
from bot_core._parse import convert, decode_json, encode_json
from bot_core.decision.candidate import DecisionCandidate, Position, RiskSnapshot, features_of, with_position
from bot_core.decision.costs import Cost, CostReport, StrategyCosts
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.decision.ports import DecisionEvaluation
from bot_core.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot_core.config.decision import DecisionEngineConfig
    from bot_core.decision.meta_label import MetaLabelInference
    from bot_core.decision.ports import Inference

Mode = Literal["live", "paper"]


class Source(NamedTuple):
    """A file's path and what it holds."""

    path: str
    data: bytes


class Sources(NamedTuple):
    """The three files."""

    risk_snapshot: Source
    candidates: Source
    tco_report: Source


class SmokeInput(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read, and the digest of what it held."""

    path: str
    digest: str


class SmokeInputs(msgspec.Struct, frozen=True, kw_only=True):
    """The three files that were read."""

    risk_snapshot: SmokeInput
    candidates: SmokeInput
    tco_report: SmokeInput


class SmokeModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A release that judged. `rollout`: per cent of units it decides on in service; `protective_factor`: see `limits.protected`.

    `meta_label`: the version of the meta-label model that its domain asks for, if it asks.
    """

    model: str
    version: str
    release: str
    artifact: str
    domain: str
    rollout: int
    protective_factor: float
    meta_label: str | None = None


class SmokeEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, the release that gave it, and the features that it does not read and was not given."""

    model: str
    version: str
    artifact: str
    left_out: tuple[str, ...]
    evaluation: DecisionEvaluation


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """When and where, as a report begins. `maintenance`: nothing is traded there now; that does not keep a model from being tested."""

    schema: Literal["bot-core/smoke/v1"] = "bot-core/smoke/v1"
    generated_at: dt.datetime
    mode: Mode
    environment: str
    commit: str
    maintenance: bool = False
    allow_empty: bool = False


class SmokeReport(Setting, frozen=True, kw_only=True):
    """The whole answer. `problems`: why it did not pass. `reasons`, `stress_failures`: code → evaluations with it.

    `digest` names `inputs` and `evaluations` and nothing else: see `digest_of`.
    """

    models: tuple[SmokeModel, ...]
    inputs: SmokeInputs
    evaluations: tuple[SmokeEvaluation, ...]
    accepted: int
    rejected: int
    reasons: dict[str, int]
    stress_failures: dict[str, int]
    passed: bool
    problems: tuple[str, ...]
    digest: str


class Judge(NamedTuple):
    """A release ready to judge: what is said of it, its limits, its model, and the meta-label model that its limits ask for."""

    model: SmokeModel
    config: DecisionEngineConfig
    inference: Inference
    meta: MetaLabelInference | None = None


class Asked(NamedTuple):
    """What is to be judged, in which accounts, at which costs; and the files that said so."""

    contexts: dict[str, RiskSnapshot]
    candidates: tuple[DecisionCandidate, ...]
    costs: CostReport
    inputs: SmokeInputs


class _Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The other spelling of a file of candidates."""

    candidates: list[DecisionCandidate]


# --- what is asked ------------------------------------------------------------------------------------------------------------------


def asked_of(sources: Sources, *, taken_at: dt.datetime | None = None) -> Asked:
    """Read the three files.

    Args:
        sources: risk profile → snapshot; a list of candidates, or a mapping that holds one; a cost report.
        taken_at: the time of snapshots that have none; without it they stay without, and are refused.

    Raises:
        DocumentError: not what it has to be, or no candidate.
    """
    contexts = _contexts(sources.risk_snapshot)
    if taken_at is not None:
        contexts = {profile: _taken(snapshot, taken_at) for profile, snapshot in contexts.items()}
    inputs = {name: SmokeInput(path=path, digest=sha256(data)) for name, (path, data) in sources._asdict().items()}
    return Asked(contexts, _candidates(sources.candidates), _costs(sources.tco_report), SmokeInputs(**inputs))


def _contexts(source: Source) -> dict[str, RiskSnapshot]:
    found = {}
    for profile, plain in decode_json(source.data, dict[str, object], source.path).items():
        where = f"{source.path}: {profile}"
        _require_each(plain, "positions", Position, where)
        found[profile] = convert(plain, RiskSnapshot, where)
    return found


def _taken(snapshot: RiskSnapshot, at: dt.datetime) -> RiskSnapshot:
    return snapshot if snapshot.taken_at is not None else msgspec.structs.replace(snapshot, taken_at=at)


def _candidates(source: Source) -> tuple[DecisionCandidate, ...]:
    bare = source.data.lstrip().startswith(b"[")
    listed = decode_json(source.data, list[DecisionCandidate], source.path) if bare else None
    found = decode_json(source.data, _Listed, source.path).candidates if listed is None else listed
    if not found:
        msg = f"{source.path}: expected at least one candidate, got none"
        raise DocumentError(msg, hint="data/decision_engine/paper/candidates.json shows how they are spelled")
    return tuple(found)


def _costs(source: Source) -> CostReport:
    plain = decode_json(source.data, dict[str, object], source.path)
    strategies = plain.get("strategies")
    for name, strategy in strategies.items() if isinstance(strategies, dict) else ():
        _require_each(strategy, "profiles", Cost, f"{source.path}: strategies.{name}")
    _require_each(plain, "strategies", StrategyCosts, source.path)
    return convert(plain, CostReport, source.path)


def _require_each(owner: object, key: str, kind: type[msgspec.Struct], where: str) -> None:
    """Check the values of a mapping one by one: a fault then says under which of its keys it lies, which the parser alone does not."""
    inner = owner.get(key) if isinstance(owner, dict) else None
    for name, value in inner.items() if isinstance(inner, dict) else ():
        convert(value, kind, f"{where}: {key}.{name}")


# --- what is answered ---------------------------------------------------------------------------------------------------------------


def smoke(asked: Asked, judges: Mapping[str, Judge], setting: Setting, *, model: str | None = None) -> SmokeReport:
    """Judge every candidate.

    Args:
        asked: the candidates, their accounts and costs.
        judges: model → what judges; every candidate's strategy is among them.
        setting: when and where; its time is what a snapshot's age is counted to.
        model: judges all candidates, whatever their strategy.
    """
    evaluations = tuple(_judged(asked, judges, setting.generated_at, model))
    found = [one.evaluation for one in evaluations]
    accepted = sum(one.accepted for one in found)
    problems = tuple(_problems(evaluations, judges, allow_empty=setting.allow_empty))
    return SmokeReport(
        **{name: getattr(setting, name) for name in Setting.__struct_fields__},
        models=tuple(judge.model for judge in judges.values()),
        inputs=asked.inputs,
        evaluations=evaluations,
        accepted=accepted,
        rejected=len(found) - accepted,
        reasons=_counted(code for one in found for code in one.reasons),
        stress_failures=_counted(code for one in found for code in one.stress_failures),
        passed=not problems,
        problems=problems,
        digest=digest_of(asked.inputs, evaluations),
    )


def digest_of(inputs: object, evaluations: object) -> str:
    """Name what was read and what was found. A release gives the same on the same files, but where a snapshot's age stood in the way."""
    return sha256(encode_json({"inputs": inputs, "evaluations": evaluations}))


def _judged(asked: Asked, judges: Mapping[str, Judge], now: dt.datetime, model: str | None) -> Iterator[SmokeEvaluation]:
    contexts, ready = dict(asked.contexts), {name: _ready(judge, asked.costs, now) for name, judge in judges.items()}
    for candidate in asked.candidates:
        name = candidate.strategy if model is None else model
        context, judge = contexts.get(candidate.risk_profile), judges[name]
        found = ready[name].evaluate_candidate(candidate, context, model_name=name, protective_factor=judge.model.protective_factor)
        if found.accepted and context is not None:
            contexts[candidate.risk_profile] = with_position(context, candidate)
        yield SmokeEvaluation(
            model=name,
            version=judge.model.version,
            artifact=judge.model.artifact,
            left_out=_left_out(candidate, judge.inference.feature_names),
            evaluation=found,
        )


def _ready(judge: Judge, costs: CostReport, now: dt.datetime) -> DecisionOrchestrator:
    features = msgspec.structs.replace(judge.config.features, unknown="ignore")
    config = msgspec.structs.replace(judge.config, features=features)
    orchestrator = DecisionOrchestrator(config, costs=costs, clock=lambda: now)
    orchestrator.attach_named_inference(judge.model.model, judge.inference)
    orchestrator.attach_meta_label(judge.meta)
    return orchestrator


def _left_out(candidate: DecisionCandidate, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in features_of(candidate) or {} if name not in names)


def _counted(codes: Iterator[str]) -> dict[str, int]:
    return dict(Counter(codes).most_common())


def _problems(evaluations: Sequence[SmokeEvaluation], judges: Mapping[str, Judge], *, allow_empty: bool) -> Iterator[str]:
    for name, judge in judges.items():
        own = [one.evaluation for one in evaluations if one.model == name]
        if all(one.model_expected_return_bps is None for one in own):
            yield f"{name} {judge.model.version}: expected a score of at least one candidate, got none of {len(own)}: {_why(own)}"
    found = [one.evaluation for one in evaluations]
    if not (allow_empty or any(one.accepted for one in found)):
        yield f"candidates: expected at least one to be accepted, got none of {len(found)}: {_why(found)}"


def _why(evaluations: Sequence[DecisionEvaluation]) -> str:
    """List the codes that stood in the way, the most frequent first."""
    counted = _counted(code for one in evaluations for code in (*one.reasons, *one.stress_failures))
    return ", ".join(f"{code} ({count})" for code, count in counted.items())
