"""The door by which people reach the models on a machine, from any process: what they say is a file, and whoever decides follows it.

Nothing is decided here and nothing lives here. Detaching, naming a release and attaching change `control.json` in the state folder; a loop
in another process sees that within a fraction of a second. A release is taken by what its file holds, judged by the function that judges a
pull request, for the environment that the folder follows; what that refuses is refused here, with its code.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core._parse import encode_json, read_bytes, read_json, write_bytes
from bot_core.ai.activation import Activation, entry_digest
from bot_core.ai.inference import DecisionModelInference, ModelRepository
from bot_core.ai.inference_cache import BOUND, InferenceCache
from bot_core.ai.training_manager import TrainingManager
from bot_core.decision.ports import utc_now
from bot_core.documents.manager import ManagerSettings
from bot_core.documents.runtime import Active, Named
from bot_core.errors import ConfigError, PredictorError
from bot_core.governance import layout
from bot_core.governance.acceptance import Accepted, accept, reopen
from bot_core.governance.desk import Desk
from bot_core.governance.git import Git
from bot_core.governance.promotion import desired
from bot_core.governance.reasons import Refused
from bot_core.governance.state import StateFolder
from bot_core.journal.event import TradingDecisionEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot_core.config.runtime import RuntimeSettings
    from bot_core.decision.orchestrator import DecisionOrchestrator
    from bot_core.decision.ports import ModelScore
    from bot_core.documents.environment import Entry
    from bot_core.documents.runtime import Control, Servable

PORTFOLIO, PROFILE = "ai-manager", "ai-monitoring"
SETTINGS = "manager.json"


class AIManager(TrainingManager):
    """A machine's models: those that decide, and the training that makes new ones.

    Args:
        model_dir: the state folder that the machine's runtime follows.
        settings: the machine's settings; by default `conf/runtime/default.yaml`.
        decision_journal: where what is said here is recorded; by default the settings' journal.
        clock: the present, with its zone.
        root: the repository whose models are trained.
        cached: how many loaded models are kept.
    """

    def __init__(
        self,
        *,
        model_dir: Path | str = "var/models",
        settings: RuntimeSettings | None = None,
        decision_journal: Path | str | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
        root: Path | str = ".",
        cached: int = BOUND,
    ) -> None:
        super().__init__(root=root, settings=settings, decision_journal=decision_journal, clock=clock)
        self.folder = StateFolder(Path(model_dir))
        self._cache = InferenceCache(cached)

    def configure_decision_repository(self, path: Path | str) -> ModelRepository:
        """Look for releases in this folder, in every process, where only their version or file name is given; return the folder.

        What lies there decides nothing by that: a release is proven by its digest, wherever it is found.

        Raises:
            ConfigError: there is no such folder.
            AuditError: it could not be written.
        """
        if not Path(path).is_dir():
            msg = f"{path}: expected a folder of releases, got none"
            raise ConfigError(msg, hint="models/MODEL, where bot-core release MODEL puts them")
        with self.folder.lock():
            settings = ManagerSettings(decision_repository=str(Path(path).resolve()))
            write_bytes(self.folder.root / SETTINGS, encode_json(settings), sync=True)
        return ModelRepository(path)

    def detach_decision_orchestrator(self, reason: str = "detached by AIManager") -> None:
        """Let no model decide on this machine, at once; its rules do.

        Raises:
            AuditError: it could not be recorded or written.
        """
        self._record("detach", "detached", {"reason": reason})
        self._say(lambda control: msgspec.structs.replace(control, detached=True, reason=reason))

    def load_decision_artifact(
        self, name: str, artifact: Path | str, *, repository_root: Path | str | None = None, set_default: bool = False
    ) -> DecisionModelInference:
        """Give a released model a name on this machine, and with `set_default` let it decide in place of the environment's.

        It decides once nothing is detached; until git desires something else of that model; and as long as git would allow it.

        Args:
            name: what it is called here.
            artifact: a version, a file's name or a path.
            repository_root: the folder of the model's releases; by default the one that the path is in, and of a name alone the one
                that `configure_decision_repository` names.
            set_default: whether it shall decide.

        Raises:
            DocumentError: no such file, or not a whole artifact.
            ReleaseError: no released manifest names its digest.
            Refused: the environment would not allow it; the code says why.
            PredictorError: it does not give its golden outputs here.
        """
        repository = ModelRepository(repository_root if repository_root is not None else self._releases(Path(artifact)))
        data = read_bytes(repository.find(artifact))
        manifest = repository.manifest_of(sha256(data), repository.find(artifact))
        with self.folder.lock():
            record, entry = self._proven(manifest.model, manifest.version, sha256(data))
            named = Named(model=record.model, version=record.version, artifact=record.artifact, entry=entry)
            facts: dict[str, object] = {"name": name, "model": record.model, "version": record.version, "artifact": record.artifact}
            self._record("ai_model_activated" if set_default else "attach", "named", facts)
            self._pin(record)
            control = self.folder.control()
            models = {**control.models, name: named}
            default = name if set_default else control.default
            self.folder.write(msgspec.structs.replace(control, models=models, default=default, changed=self.clock()))
        return self._inference(record)

    def attach_decision_orchestrator(self, orchestrator: DecisionOrchestrator, *, default_model: str | None = None) -> None:
        """Let models decide again on this machine, and attach the named one to an orchestrator of this process.

        Args:
            orchestrator: judges candidates in this process.
            default_model: a name given by `load_decision_artifact`; by default the one that decides here.

        Raises:
            ConfigError: no such name.
            Refused: the environment would not allow it any more.
        """
        name = default_model if default_model is not None else self.folder.control().default
        renewed: dict[str, Named] = {}
        if name is not None:
            record, renewed[name] = self._renewed(name)
            orchestrator.attach_named_inference(name, self._inference(record), set_default=True)
        self._record("attach", "attached", {"name": name} if name else {})
        self._say(
            lambda said: msgspec.structs.replace(said, detached=False, reason="", default=name, models={**said.models, **renewed})
        )

    def inference(self, name: str | None = None) -> DecisionModelInference:
        """Return a named model, judged anew; without a name the one that decides here.

        Raises:
            ConfigError: no such name, and several or no models in force.
            Refused: the environment would not allow it any more.
        """
        name = name if name is not None else self.folder.control().default
        return self._inference(self._only_plan() if name is None else self._renewed(name)[0])

    def inference_for(self, symbol: str, name: str) -> DecisionModelInference:
        """Return a model for a symbol: a name given here, or a model in force. It is loaded anew only where its proof has changed.

        The runtime's reconciler judges what is in force; where there is none on this machine, every call does.

        Raises:
            ConfigError: no such name or model, or the model is of another instrument.
            Refused: the environment would not allow it any more.
        """
        record = self._known(name)
        found = self._cache.get(symbol, name, record)
        if found is None:
            found = self.inference(name) if record is None or name in self.folder.control().models else self._inference(record)
            self._cache.put(symbol, name, found)
        return found

    def _known(self, name: str) -> Servable | None:
        """Return the proof of a name, as the runtime's reconciler keeps it; nothing where no reconciler does, or not of this name."""
        active, named = self.folder.active(), self.folder.control().models.get(name)
        if active is None or self.folder.memory() is None:
            return None
        return active.pin(named.artifact) if named else active.plan(name)

    def _releases(self, artifact: Path) -> Path:
        """Return the folder in which a release is looked for."""
        path = self.folder.root / SETTINGS
        if artifact.parent != Path() or not path.exists():
            return artifact.parent
        return Path(read_json(path, ManagerSettings).decision_repository)

    def _renewed(self, name: str) -> tuple[Servable, Named]:
        """Judge a named model anew; return what was proven, and the name as it would be given now: git may desire something else."""
        control = self.folder.control()
        if name not in control.models:
            msg = f"{self.folder.control_path}: expected one of {', '.join(sorted(control.models)) or 'no name yet'}; got {name}"
            raise ConfigError(msg, hint="AIManager().load_decision_artifact(name=…, artifact=…) gives a release a name")
        named = control.models[name]
        with self.folder.lock():
            record, entry = self._proven(named.model, named.version, named.artifact)
            self._pin(record)
        return record, msgspec.structs.replace(named, entry=entry)

    def score_decision_features(self, features: Mapping[str, float], *, model_name: str | None = None) -> ModelScore:
        """Score one vector by a named model; without a name by the one that decides here.

        Raises:
            ConfigError: no such model.
            Refused: the environment would not allow it.
            PredictorError: it is not ready, or the features are not those that it reads.
        """
        inference = self.inference(model_name)
        if not inference.is_ready:
            msg = f"{model_name or 'model'}: expected a model that is ready, got {inference.problem or 'one too old, or unsigned by now'}"
            raise PredictorError(msg, hint="bot-core status")
        if unknown := sorted(features.keys() - set(inference.feature_names)):
            msg = f"features: expected {', '.join(inference.feature_names)}; got {unknown[0]} too"
            raise PredictorError(msg, hint="leave out what the model does not read")
        return inference.score(features)

    # --- what git says ---

    def _proven(self, model: str, version: str, artifact: str) -> tuple[Servable, str | None]:
        """Judge a release for the environment that this folder follows; return it, and what git desires of the model now."""
        accepted = self._accepted()
        activation = Activation(accepted, self.folder, self.clock(), dt.timedelta(days=self.settings.max_model_age_days))
        entry = activation.entry_of(model, version)
        if entry is None:
            path = layout.environment(activation.environment)
            message = f"{path}: expected {model} {version} to stand there or to have stood there, got never"
            hint = f"bot-core promote {model} {version} --env {activation.environment}"
            raise Refused(code="STAGE-ORDER", path=path, message=message, hint=hint)
        record = activation.judged(entry)
        if record.artifact != artifact:
            path = layout.artifact(model, version)
            message = f"{path}: expected {record.artifact}, got {artifact}"
            raise Refused(code="REL-DIGEST", path=path, message=message, hint="restore the file from git")
        return record, entry_digest(self._desired(accepted, model))

    def _accepted(self) -> Accepted:
        """Judge by what the runtime accepted last; where there is no runtime yet, by the newest commit here."""
        memory = self.folder.memory()
        if memory is not None:
            return reopen(Git(self.folder.repository), memory, self._environment(), self.clock())
        desk = Desk.here()
        return accept(desk.git, desk.git.resolve("HEAD"), None, self._environment(), self.clock(), self.settings.policy)

    def _environment(self) -> str:
        active = self.folder.active()
        return active.environment if active is not None else self.settings.environment

    @staticmethod
    def _desired(accepted: Accepted, model: str) -> Entry | None:
        return desired(accepted.view, accepted.rules.name).entry(model)

    # --- what is said here ---

    def _pin(self, record: Servable) -> None:
        """Put a proven release beside what is in force; the caller holds the lock."""
        active = self.folder.active() or Active(environment=self._environment(), commit=record.commit, verified=self.clock())
        others = [pin for pin in active.pins if pin.artifact != record.artifact]
        self.folder.write(msgspec.structs.replace(active, pins=[*others, record]))

    def _only_plan(self) -> Servable:
        active = self.folder.active()
        plans = active.plans if active else []
        if len(plans) != 1:
            msg = f"{self.folder.active_path}: expected one model in force, got {', '.join(p.model for p in plans) or 'none'}"
            raise ConfigError(msg, hint="name the model: model_name=…")
        return plans[0]

    def _inference(self, record: Servable) -> DecisionModelInference:
        max_age = dt.timedelta(days=self.settings.max_model_age_days)
        return DecisionModelInference(self.folder.blob(record.artifact), record, clock=self.clock, max_age=max_age)

    def _say(self, change: Callable[[Control], Control]) -> None:
        self.folder.change(lambda control: msgspec.structs.replace(change(control), changed=self.clock()))

    def _record(self, kind: str, status: str, facts: dict[str, object]) -> None:
        """Record what is said before it is done."""
        event = TradingDecisionEvent(
            event_type=kind,
            timestamp=self.clock(),
            environment=self._environment(),
            portfolio=PORTFOLIO,
            risk_profile=PROFILE,
            status=status,
            metadata=facts,
        )
        self._journal(event)
