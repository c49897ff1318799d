"""The family of ensembles: several models that learn from the same rows and answer as one.

A member is fitted exactly as it would be alone: on the same rows, stopped early by the same rows. So over the same data and features its
state has the digest of the model of that name in the roster. How members are fitted and loaded is `bot_core.ai.families`' to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot_core.ai.aggregation import aggregator, proven
from bot_core.ai.fitted import Fitted
from bot_core.documents.artifact import EnsembleState, MemberState, learned_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from bot_core.ai.fitted import FitParts, Rows
    from bot_core.config.models import Ensemble, MemberConfig
    from bot_core.documents.artifact import MemberModel

    Floats = NDArray[np.float64]
    Predict = Callable[[Floats], Floats]


def fit(config: Ensemble, fit_member: Callable[[MemberConfig], Fitted]) -> Fitted:
    """Fit each member."""
    return _joined(config, {name: fit_member(member) for name, member in config.members.items()})


def fitter(config: Ensemble, prepare: Callable[[MemberConfig], FitParts]) -> FitParts:
    """Prepare each member for many fits on parts of a table."""
    prepared = {name: prepare(member) for name, member in config.members.items()}

    def fit_parts(train: Rows, validation: Rows) -> Fitted:
        return _joined(config, {name: fit_member(train, validation) for name, fit_member in prepared.items()})

    return fit_parts


def predictor(state: EnsembleState, load: Callable[[MemberModel], Predict]) -> Predict:
    """Return (n, k) values → (n,) predictions.

    Raises:
        PredictorError: a member is not what its digest names.
    """
    return _predict(state, [load(member) for member in proven(state)])


def _joined(config: Ensemble, fitted: Mapping[str, Fitted]) -> Fitted:
    """Make one model of the members, in order of name, so that the order of a declaration changes nothing."""
    members = sorted(fitted.items())
    weights = config.weights or {}
    state = EnsembleState(aggregation=config.aggregation, members=[_member(name, one, weights.get(name)) for name, one in members])
    shares = np.average([one.importance for _, one in members], axis=0, weights=[weights.get(name, 1.0) for name, _ in members])
    return Fitted(
        state=state,
        predict=_predict(state, [one.predict for _, one in members]),
        rounds=max(one.rounds for _, one in members),
        importance=shares,
    )


def _member(name: str, fitted: Fitted, weight: float | None) -> MemberState:
    assert not isinstance(fitted.state, EnsembleState)  # noqa: S101  # the configuration has no other member
    return MemberState(name=name, digest=learned_digest(fitted.state), weight=weight, state=fitted.state)


def _predict(state: EnsembleState, members: list[Predict]) -> Predict:
    aggregate = aggregator(state)

    def predict(values: Floats) -> Floats:
        said = np.stack([member(values) for member in members], axis=1)
        return np.array([aggregate(row) for row in said.tolist()], dtype=np.float64)

    return predict
