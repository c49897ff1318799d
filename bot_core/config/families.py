"""Families of models and their parameters. `conf/model/` says them, and `conf/ensemble/` which of them answer as one.

`bot_core.config.models` is where others import from; this module imports nothing of it, so that it can.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bot_core.config.values import Count, Name, NotNegative, Positive

Aggregation = Literal["mean", "median", "weighted", "max", "min"]


class LightGBM(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="family", tag="lightgbm"):
    """Trees: gradient-boosted, or a random forest. `l1`, `l2` and `huber` predict a number, `binary` a probability.

    `rf` is a forest: each tree learns from a `bagging_fraction` of the rows, drawn anew every `bagging_freq` trees. It has `rounds` trees,
    for it has nothing to stop early, and no `learning_rate`. `balanced`: both classes weigh the same, however rare one is.
    """

    objective: Literal["l1", "l2", "huber", "binary"]
    learning_rate: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.05
    num_leaves: Annotated[int, Meta(ge=2, le=4096)] = 15
    min_data_in_leaf: Count = 50
    max_bin: Annotated[int, Meta(ge=2, le=65535)] = 255
    feature_fraction: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    lambda_l2: NotNegative = 0.0
    rounds: Annotated[int, Meta(ge=1, le=10_000)] = 400
    early_stopping_rounds: Count = 30
    seed: Annotated[int, Meta(ge=0)] = 7
    boosting: Literal["gbdt", "rf"] = "gbdt"
    bagging_fraction: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    bagging_freq: Annotated[int, Meta(ge=0)] = 0
    balanced: bool = False

    def __post_init__(self) -> None:
        if self.boosting == "rf" and not (self.bagging_fraction < 1.0 and self.bagging_freq > 0):
            msg = f"Expected bagging_fraction < 1 and bagging_freq >= 1 for a forest, got {self.bagging_fraction:g}, {self.bagging_freq}"
            raise ValueError(msg)
        require_classes(self.objective, balanced=self.balanced)


class XGBoost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="family", tag="xgboost"):
    """Gradient-boosted trees of XGBoost, which only training needs. `l1` and `l2` predict a number, `binary` a probability."""

    objective: Literal["l1", "l2", "binary"]
    learning_rate: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.05
    max_depth: Annotated[int, Meta(ge=1, le=16)] = 4
    min_child_weight: NotNegative = 1.0
    max_bin: Annotated[int, Meta(ge=2, le=65535)] = 256
    subsample: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    feature_fraction: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    lambda_l2: NotNegative = 1.0
    rounds: Annotated[int, Meta(ge=1, le=10_000)] = 400
    early_stopping_rounds: Count = 30
    seed: Annotated[int, Meta(ge=0)] = 7
    balanced: bool = False

    def __post_init__(self) -> None:
        require_classes(self.objective, balanced=self.balanced)


class Linear(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="family", tag="linear"):
    """A ridge (numbers) or logistic (probabilities) model on scaled features: the plain thing to beat."""

    objective: Literal["l2", "binary"]
    penalty: Positive = 1.0


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="family", tag="network"):
    """A network with one hidden layer, for a probability: at most `rounds` passes over the rows, `batch` rows a step.

    `early_stopping_rounds`: 0 keeps the last pass, whatever the validation rows say.
    """

    objective: Literal["binary"]
    units: Annotated[int, Meta(ge=1, le=1024)] = 64
    penalty: NotNegative = 0.1
    learning_rate: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.001
    batch: Count = 128
    rounds: Annotated[int, Meta(ge=1, le=1000)] = 60
    early_stopping_rounds: Annotated[int, Meta(ge=0)] = 8
    seed: Annotated[int, Meta(ge=0)] = 7


MemberConfig = LightGBM | XGBoost | Linear | Network


class Ensemble(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="family", tag="ensemble"):
    """Several models that answer as one: all learn from the same rows, and one number is made of what they say.

    `weights`: one per member, for `weighted` alone; they need not add up to 1. A member is never an ensemble.
    """

    aggregation: Aggregation
    members: Annotated[dict[Name, MemberConfig], Meta(min_length=2)]
    weights: dict[Name, Positive] | None = None

    def __post_init__(self) -> None:
        require_weights(self.aggregation, tuple(self.members), self.weights)
        kinds = {member.objective == "binary" for member in self.members.values()}
        if len(kinds) > 1:
            msg = f"Expected members that all predict probabilities or all numbers, got {self.objective}"
            raise ValueError(msg)
        if len(set(self.members.values())) < len(self.members):
            msg = f"Expected members that differ, got one twice among {', '.join(self.members)}"
            raise ValueError(msg)

    @property
    def objective(self) -> str:
        """What the members minimise: one word where they agree."""
        return ", ".join(sorted({member.objective for member in self.members.values()}))


ModelConfig = LightGBM | XGBoost | Linear | Network | Ensemble


def require_classes(objective: str, *, balanced: bool) -> None:
    """Prove that classes are balanced only where there are classes.

    Raises:
        ValueError: in msgspec's words, so that the parser adds where.
    """
    if balanced and objective != "binary":
        msg = f"Expected balanced: true with objective: binary alone, got it with {objective}"
        raise ValueError(msg)


def require_weights(aggregation: str, members: tuple[str, ...], weights: dict[str, float] | None) -> None:
    """Prove that weights are there where they are used, one per member with a finite sum, and nowhere else.

    Raises:
        ValueError: in msgspec's words, so that the parser adds where.
    """
    if aggregation != "weighted":
        if weights is not None:
            msg = f"Expected weights for aggregation: weighted alone, got some for {aggregation}"
            raise ValueError(msg)
    elif weights is None or set(weights) != set(members):
        msg = f"Expected one weight for each of {', '.join(members)}, got {', '.join(weights or ()) or 'none'}"
        raise ValueError(msg)
    elif not math.isfinite(sum(weights.values())):
        msg = f"Expected weights with a finite sum, got {', '.join(f'{weight:g}' for weight in weights.values())}"
        raise ValueError(msg)
