"""The head: two released models of the roster that turn a sentence's vector into three probabilities.

One model says how likely a sentence is bullish, the other how likely it is bearish. A sentence is never both, so with odds b+ and b- the
three probabilities are b- : 1 : b+, scaled to add up to one: what two independent yes-or-no answers leave when "both" is ruled out.

A head is a folder: `head.json`, which names the two artifacts by their SHA-256, and the artifacts. The one that ships lies in this package,
`heads/`. A file that is not what `head.json` names is refused by name, and so is a model that does not give its golden outputs here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot_core._digest import sha256, sha256_pairs, short
from bot_core._parse import decode_json, read_bytes, read_json
from bot_core.ai.aggregation import joined as joined_members
from bot_core.ai.network_score import logistic, unpacked
from bot_core.ai.predictor import Predictor
from bot_core.documents.artifact import EnsembleState, ModelArtifact, NetworkState, formats
from bot_core.documents.sentiment import SentimentHead
from bot_core.errors import PredictorError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from bot_core.documents.artifact import ModelState

    FloatArray = npt.NDArray[np.float64]

RECORD = "head.json"
BEARISH, BULLISH = "sentiment_bearish.json", "sentiment_bullish.json"
PACKAGED = Path(__file__).with_name("heads")
_EDGE = 1e-9  # keeps odds finite where a probability is 0 or 1
_TABLE = 2  # dimensions


class Head:
    """Two loaded models; safe to share between threads.

    Args:
        bearish: how likely a sentence is bearish.
        bullish: how likely it is bullish.
        width: numbers in a sentence's vector.
        record: what the head is made of.
    """

    __slots__ = ("_bearish", "_bullish", "_width", "record")

    def __init__(self, bearish: Predictor, bullish: Predictor, width: int, record: SentimentHead) -> None:
        self._bearish = bearish
        self._bullish = bullish
        self._width = width
        self.record = record

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that name the two models."""
        return version(self.record)

    @property
    def encoder(self) -> str:
        """The checksum of the transformer whose vectors this head reads."""
        return self.record.encoder

    def probabilities(self, vectors: FloatArray) -> FloatArray:
        """Return how likely each sentence is negative, neutral and positive, (n, 3); each row adds up to one.

        Args:
            vectors: one row per sentence, (n, width).

        Raises:
            PredictorError: another width, or a vector that is not finite.
        """
        if vectors.ndim != _TABLE or vectors.shape[1] != self._width or not np.isfinite(vectors).all():
            msg = f"sentiment head: expected finite vectors, (n, {self._width}), got {vectors.shape}"
            raise PredictorError(msg, hint="ask the transformer that the head was trained on; `encoder` in head.json names it")
        return joined(_asked(self._bearish, vectors), _asked(self._bullish, vectors))


def load(root: Path | None = None) -> Head | None:
    """Load a head from its folder, by default the one that ships; where there is no head, nothing.

    Raises:
        SnapshotError: a file is missing, or is not what `head.json` names.
        DocumentError: `head.json` or an artifact is not what it should be.
        PredictorError: a model does not give its golden outputs, or the two read different columns.
    """
    folder = root or PACKAGED
    if not (folder / RECORD).is_file():
        return None
    record = read_json(folder / RECORD, SentimentHead)
    bearish, bullish = (_artifact(folder, name, record) for name in (BEARISH, BULLISH))
    if bearish.feature_names != bullish.feature_names:
        msg = f"{folder}: expected two models over the same columns, got {len(bearish.feature_names)} and others"
        raise PredictorError(msg, hint="restore both files from one release")
    return Head(_proved(bearish), _proved(bullish), len(bearish.feature_names), record)


def joined(bearish: FloatArray, bullish: FloatArray) -> FloatArray:
    """Make three probabilities, (n, 3) negative, neutral, positive, of two, (n,) each, that do not know each other."""
    odds = [np.clip(p, _EDGE, 1.0 - _EDGE) / (1.0 - np.clip(p, _EDGE, 1.0 - _EDGE)) for p in (bearish, bullish)]
    weights = np.column_stack([odds[0], np.ones(len(bearish)), odds[1]])
    scaled: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return scaled


def version(record: SentimentHead) -> str:
    """Name a head by the digests of its models."""
    return short(sha256_pairs((name, digest) for name, digest in record.models.items()))


def _proved(artifact: ModelArtifact) -> Predictor:
    """Load a model and replay its golden vectors; networks, which are slow in plain Python, run in numpy, to the same bits."""
    state, width = artifact.model_state, len(artifact.feature_names)
    if set(formats(state)) <= {"network-json", "ensemble-json"}:
        score = (
            joined_members(state, lambda one: _network(one, width)) if isinstance(state, EnsembleState) else _network(state, width)
        )
        return Predictor.proved(score, artifact)
    return Predictor.load(artifact)


def _network(state: ModelState, width: int) -> Callable[[Sequence[float]], float]:
    if not isinstance(state, NetworkState):
        msg = f"sentiment head: expected a network, got {state.__struct_config__.tag}"
        raise PredictorError(msg, hint="restore the folder as a whole, from git or from the package")
    weights, biases, output = np.array(unpacked(state, width)), np.array(state.biases), np.array(state.output)

    def score(values: Sequence[float]) -> float:
        hidden = np.maximum((weights * np.asarray(values)).sum(axis=1) + biases, 0.0)
        return logistic(float((hidden * output).sum()) + state.intercept)

    return score


def _asked(model: Predictor, vectors: FloatArray) -> FloatArray:
    return np.array([model.probability(model.predict(row)) for row in vectors.tolist()], dtype=np.float64)


def _artifact(folder: Path, name: str, record: SentimentHead) -> ModelArtifact:
    path, expected = folder / name, {str(key): digest for key, digest in record.models.items()}.get(name)
    if expected is None or not path.is_file():
        msg = f"{path}: expected a model of the head that {folder / RECORD} names, got none"
        raise SnapshotError(msg, hint="restore the folder as a whole, from git or from the package")
    data = read_bytes(path)
    if (got := sha256(data)) != expected:
        msg = f"{path}: expected {expected}, got {got}"
        raise SnapshotError(msg, hint="restore the folder as a whole, from git or from the package")
    return decode_json(data, ModelArtifact, str(path))
