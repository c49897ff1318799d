"""A folder of released models, and one of them ready to be asked.

What a file is called proves nothing. A model is loaded by what it holds: whole by its schema, and with the digest that a release's
manifest beside it names. Whether it may decide is another question, and `decide` answers it (`bot_core.ai.activation`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import secrets
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import decode_json, encode_json, read_bytes
from bot_core.ai.predictor import Predictor
from bot_core.decision.ports import ModelScore, utc_now
from bot_core.documents.artifact import ModelArtifact
from bot_core.documents.release import ReleaseManifest
from bot_core.errors import AuditError, BotCoreError, DocumentError, PredictorError, ReleaseError
from bot_core.governance import layout
from bot_core.governance.reading import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot_core.documents.runtime import Servable

    Clock = Callable[[], dt.datetime]

_VERSION = re.compile(layout.VERSION)


class ModelRepository:
    """The releases of one model: a folder such as `models/decision_engine`. Reading creates nothing.

    Args:
        base_path: the folder.
    """

    def __init__(self, base_path: Path | str) -> None:
        self.base_path = Path(base_path)

    def versions(self) -> list[str]:
        """List the versions there are, in order of time."""
        return sorted(path.stem for path in self.base_path.glob("*.json") if _VERSION.fullmatch(path.stem))

    def load(self, name: Path | str) -> ModelArtifact:
        """Load a model by its version, its file's name, or a path; a path from the working directory is taken as it is.

        Raises:
            DocumentError: no such file in this folder, or not a whole artifact.
            ReleaseError: no manifest here names its digest.
        """
        path = self.find(name)
        data = read_bytes(path)
        artifact = decode_json(data, ModelArtifact, str(path))
        self.manifest_of(sha256(data), path)
        return artifact

    def find(self, name: Path | str) -> Path:
        """Return the file that a version, a file's name or a path stands for.

        Raises:
            DocumentError: there is none in this folder.
        """
        base = self.base_path.resolve()
        for path in (Path(name), self.base_path / name, self.base_path / f"{name}.json"):
            if path.is_file() and path.resolve().parent == base:
                return path
        msg = f"{self.base_path}: expected {name}, got no such model in this folder"
        raise DocumentError(msg, hint=f"one of {', '.join(self.versions()) or 'none: bot-core release MODEL'}")

    def manifest_of(self, digest: str, path: Path) -> ReleaseManifest:
        """Return the manifest of the release that holds exactly these bytes, whatever their file is called.

        Raises:
            ReleaseError: no manifest in this folder names the digest.
        """
        for beside in sorted(self.base_path.glob("*.release.yaml")):
            data = read_bytes(beside)
            if digest.encode() in data and (manifest := parse(data, ReleaseManifest, str(beside))).artifact.digest == digest:
                return manifest
        msg = f"{path}: expected a model that a manifest beside it names, got {digest}, which none does"
        raise ReleaseError(msg, hint="restore the file from git, or copy a released version")

    def last_signed(self) -> Path | None:
        """Return the newest version that every role an environment asks for has approved, by the policy here; nothing if there is none.

        Raises:
            GitError: the folder is in no git repository, or its history was cut off.
            Refused: the repository has no policy.
        """
        from bot_core.governance.approved import approved_somewhere  # noqa: PLC0415  # the gate, which nobody needs to decide

        paths = [self.base_path / f"{version}.json" for version in reversed(self.versions())]
        return next((path for path in paths if approved_somewhere(self.base_path.name, path.stem, read_bytes(path))), None)

    def save(self, artifact: ModelArtifact) -> Path:
        """Add a version. Two writers of the same version both succeed with the same bytes; with others the second is refused.

        Raises:
            ReleaseError: the version is there and holds something else.
            AuditError: it could not be written.
        """
        path = self.base_path / f"{artifact.metadata.version}.json"
        data = encode_json(artifact)
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")  # a name of its own: what is linked shares its bytes
        try:
            self.base_path.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            os.link(part, path)  # fails where the name is taken, whoever took it
        except FileExistsError:
            if read_bytes(path) != data:
                msg = f"{path}: expected a version that is not there yet, got one that holds something else"
                raise ReleaseError(msg, hint="a release never changes: release anew") from None
        except OSError as error:
            msg = f"{path}: expected to write {len(data)} bytes, got {error.strerror or error}"
            raise AuditError(msg, hint="free space or fix permissions, then save again") from error
        finally:
            with contextlib.suppress(OSError):  # it never came to be, and why has been said
                part.unlink()
        return path


class DecisionModelInference:
    """A model that can be asked, if it is ready.

    Ready means all of: the bytes are a whole artifact, they are the ones that were approved, no sign-off has ended, the model is not
    too old, and it gave its golden outputs here to the last bit. Whatever fails is kept in `problem` and never raised before `score`.

    Args:
        data: the artifact's bytes; nothing where there are none.
        record: what was proven of the release; without it nothing is approved.
        clock: the present, with its zone.
        max_age: how long after its release a model may be asked.
    """

    def __init__(
        self,
        data: bytes | None,
        record: Servable | None,
        *,
        clock: Clock = utc_now,
        max_age: dt.timedelta = dt.timedelta(days=365),
    ) -> None:
        self.record = record
        self.clock = clock
        self.artifact: ModelArtifact | None = None
        self.problem: BotCoreError | None = None
        self._deadline = dt.datetime.min.replace(tzinfo=dt.UTC)
        try:
            self._load(data, record, max_age)
        except BotCoreError as error:
            self.problem = error

    @property
    def is_ready(self) -> bool:
        """Whether it may be asked now."""
        return self.problem is None and self.clock() < self._deadline

    @property
    def feature_names(self) -> Sequence[str]:
        """The features it reads, in order; none where nothing is loaded."""
        return self.artifact.feature_names if self.artifact else ()

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Return the expected return in basis points and the calibrated probability that the target lies above its pivot.

        A model that forecasts no return (a range, a delay) expects none: 0.

        Args:
            features: every feature it reads; what to do with unknown, missing and non-finite ones the caller has settled.

        Raises:
            BotCoreError: it never loaded, or a feature is missing or no number.
        """
        if self.problem is not None:
            raise self.problem
        try:
            prediction = self._predict(self._row(features))
        except KeyError as error:
            msg = f"features: expected {error.args[0]}, got none"
            raise PredictorError(msg, hint=f"the model reads {', '.join(self.feature_names)}") from None
        probability = self._probability(prediction)
        return ModelScore(self._expected(prediction, probability), probability, prediction)

    def _load(self, data: bytes | None, record: Servable | None, max_age: dt.timedelta) -> None:
        if data is None or record is None:
            msg = "model: expected an artifact and its approval, got none"
            raise PredictorError(msg, hint="bot-core status shows what is approved")
        if sha256(data) != record.artifact:
            msg = f"{record.model} {record.version}: expected the approved bytes {record.artifact}, got {sha256(data)}"
            raise PredictorError(msg, hint="restore the file from git")
        self.artifact = artifact = decode_json(data, ModelArtifact, f"{record.model} {record.version}")
        predictor = Predictor.load(artifact)
        self._predict, self._probability = predictor.predict, predictor.probability
        self._row = _row(artifact.feature_names)
        self._expected = _expected(artifact)
        oldest = artifact.trained_at + max_age
        self._deadline = oldest if record.expires is None else min(oldest, record.expires)


def _row(names: Sequence[str]) -> Callable[[Mapping[str, float]], Sequence[float]]:
    if len(names) == 1:
        return lambda features: (features[names[0]],)
    return itemgetter(*names)


def _expected(artifact: ModelArtifact) -> Callable[[float, float], float]:
    """Return how a prediction and its probability become an expected return in basis points."""
    payoff = artifact.metadata.training.payoff
    if payoff is None:
        return lambda _prediction, _probability: 0.0
    if payoff.source == "prediction":
        return lambda prediction, _probability: prediction
    up, down = payoff.up_bps, payoff.down_bps
    return lambda _prediction, probability: probability * up + (1.0 - probability) * down
