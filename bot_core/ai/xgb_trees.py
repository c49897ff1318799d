"""XGBoost's trees without XGBoost: read from its own JSON, walked one row at a time, the same in training and where it decides.

Importing xgboost takes seconds and brings pandas and scikit-learn along; its trees are a few comparisons. Three facts decide the form:

1. XGBoost compares in single precision, so a row and the thresholds are rounded to it first. A missing value is NaN and goes where the
   tree says it goes.
2. The leaves are added in doubles, in the order of the trees. XGBoost adds them in single precision, so its own margin differs by a
   rounding of that, some millionths; what is stored, tested and signed is the number computed here.
3. A child stands after its parent in XGBoost's lists, and a file in which it does not is refused: no walk can go round.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from bot_core._parse import decode_json
from bot_core.ai.lib_lightgbm import wrong_row
from bot_core.errors import DocumentError, PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Score = Callable[[Sequence[float]], float]
    Node = float | tuple[int, float, "Node", "Node", "Node"]

_LINKS = {"binary:logistic": True, "reg:squarederror": False, "reg:absoluteerror": False}
_HINT = "restore the file from git or run `dvc repro`"


class _Tree(msgspec.Struct, frozen=True):
    left_children: list[int]
    right_children: list[int]
    split_indices: list[int]
    split_conditions: list[float]
    default_left: list[int]

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, field)) for field in self.__struct_fields__}
        if len(lengths) > 1 or 0 in lengths:
            msg = f"Expected one value per node in each list, got lists of {', '.join(map(str, sorted(lengths)))}"
            raise ValueError(msg)


class _Grown(msgspec.Struct, frozen=True):
    trees: list[_Tree]


class _Booster(msgspec.Struct, frozen=True):
    model: _Grown


class _Start(msgspec.Struct, frozen=True):
    base_score: Annotated[str, Meta(pattern=r"^\[?-?[0-9]+(\.[0-9]+)?([Ee][+-]?[0-9]+)?\]?$")]
    num_feature: Annotated[str, Meta(pattern=r"^[0-9]{1,9}$")]


class _Objective(msgspec.Struct, frozen=True):
    name: str


class _Learner(msgspec.Struct, frozen=True):
    gradient_booster: _Booster
    learner_model_param: _Start
    objective: _Objective


class _Model(msgspec.Struct, frozen=True):
    learner: _Learner


def scorer(text: str, width: int) -> Score:
    """Load XGBoost's JSON and return how it scores one row of `width` values: a number, or a probability of 0 to 1.

    Raises:
        PredictorError: a text that is no such model, an objective that is not known here, or trees over another number of features.
    """
    learner = _learner(text)
    wanted = int(learner.learner_model_param.num_feature)
    if wanted != width:
        msg = f"model_state: expected trees over the {width} features of feature_names, got trees over {wanted}"
        raise PredictorError(msg, hint="restore the file from git")
    logistic = _LINKS[learner.objective.name]
    start = _start(learner, logistic=logistic)
    roots = [_root(tree, width) for tree in learner.gradient_booster.model.trees]

    def score(values: Sequence[float]) -> float:
        row, total = _single(values, width), start
        for node in roots:
            total += _leaf(node, row)
        return _logistic(total) if logistic else total

    return score


def _learner(text: str) -> _Learner:
    try:
        learner = decode_json(text.encode(), _Model, "model_state").learner
    except DocumentError as error:
        msg = f"model_state: expected XGBoost's JSON, got something else ({error.message})"
        raise PredictorError(msg, hint=_HINT) from error
    if learner.objective.name not in _LINKS:
        msg = f"model_state: expected an objective among {', '.join(_LINKS)}, got {learner.objective.name}"
        raise PredictorError(msg, hint=_HINT)
    return learner


def _start(learner: _Learner, *, logistic: bool) -> float:
    """Return where the sum begins: XGBoost stores a probability of a logistic model, and its log-odds are meant."""
    said = learner.learner_model_param.base_score
    base = float(said.strip("[]"))
    if logistic and not 0.0 < base < 1.0:
        msg = f"model_state: base_score: expected a probability between 0 and 1, got {said}"
        raise PredictorError(msg, hint=_HINT)
    return math.log(base / (1.0 - base)) if logistic else base


def _root(tree: _Tree, width: int) -> Node:
    """Link a tree's nodes, children first; a leaf is its value."""
    conditions = array("f", tree.split_conditions)
    nodes: dict[int, Node] = {}
    for at in range(len(conditions) - 1, -1, -1):
        left, right, feature = tree.left_children[at], tree.right_children[at], tree.split_indices[at]
        if left < 0:
            nodes[at] = conditions[at]
            continue
        if not (at < left < len(conditions) and at < right < len(conditions) and 0 <= feature < width):
            msg = (
                f"model_state: node {at}: expected children after their parent and a known feature, got {left}, {right}, {feature}"
            )
            raise PredictorError(msg, hint=_HINT)
        missing = left if tree.default_left[at] else right
        nodes[at] = (feature, conditions[at], nodes[left], nodes[right], nodes[missing])
    return nodes[0]


def _leaf(node: Node, row: Sequence[float]) -> float:
    while isinstance(node, tuple):
        feature, threshold, below, above, missing = node
        value = row[feature]
        node = below if value < threshold else above if value >= threshold else missing
    return node


def _single(values: Sequence[float], width: int) -> Sequence[float]:
    """Round a row to single precision, as XGBoost does before it compares."""
    try:
        row = array("f", values)
    except (TypeError, OverflowError) as error:
        raise wrong_row(width, values) from error
    if len(row) != width:
        raise wrong_row(width, values)
    return row


def _logistic(x: float) -> float:
    try:
        return 1.0 / (1.0 + math.exp(-x))
    except OverflowError:  # exp(-x) is infinite
        return 0.0
