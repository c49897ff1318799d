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
    """Gradient-boosted trees. `l1`, `l2` and `huber` predict a number, `binary` a probability."""

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


class Linear(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="family", tag="linear"):
    """A ridge (numbers) or logistic (probabilities) model on scaled features: the plain thing to beat."""

    objective: Literal["l2", "binary"]
    penalty: Positive = 1.0


MemberConfig = LightGBM | Linear


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


ModelConfig = LightGBM | Linear | Ensemble


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
