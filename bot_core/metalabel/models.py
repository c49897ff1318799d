"""The models that a meta-label may have, each a family of the roster with parameters for a few thousand events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot_core.config.families import LightGBM, Linear, XGBoost

if TYPE_CHECKING:
    from bot_core.config.families import MemberConfig
    from bot_core.documents.meta_label import Model

NAMES: tuple[Model, ...] = ("rf", "gbm", "logistic", "xgb")


def model_config(name: Model, seed: int) -> MemberConfig:
    """Return the family behind a name; classes are balanced by the rows' weights, so none balances them again.

    `rf`: a random forest of 300 trees (LightGBM's). `gbm`: small boosted trees. `xgb`: the same of XGBoost. `logistic`: a straight line in
    log-odds, which has nothing random.
    """
    match name:
        case "rf":
            return LightGBM(
                objective="binary",
                boosting="rf",
                num_leaves=31,
                min_data_in_leaf=30,
                feature_fraction=0.5,
                bagging_fraction=0.632,
                bagging_freq=1,
                rounds=300,
                seed=seed,
            )
        case "gbm":
            return LightGBM(
                objective="binary",
                learning_rate=0.02,
                num_leaves=7,
                min_data_in_leaf=60,
                feature_fraction=0.7,
                lambda_l2=1.0,
                early_stopping_rounds=40,
                seed=seed,
            )
        case "xgb":
            return XGBoost(
                objective="binary",
                learning_rate=0.02,
                max_depth=3,
                min_child_weight=15.0,
                subsample=0.8,
                feature_fraction=0.7,
                early_stopping_rounds=40,
                seed=seed,
            )
        case "logistic":
            return Linear(objective="binary", penalty=10.0)
