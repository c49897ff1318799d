from __future__ import annotations

import builtins
import datetime as dt

from bot_core.decision.ports import SCORE_ERRORS, Inference, ModelScore, utc_now
from tests.unit.decision.conftest import Told

WARNINGS_AND_SIGNALS = {"StopAsyncIteration", "Warning", "ExceptionGroup"}


def test_a_model_is_what_can_be_asked() -> None:
    assert isinstance(Told(), Inference)
    assert not isinstance(ModelScore(1.0, 0.5), Inference)


def test_all_of_pythons_own_errors_mean_no_answer() -> None:
    own = {kind for kind in vars(builtins).values() if isinstance(kind, type) and kind.__base__ is Exception}
    uncovered = {kind.__name__ for kind in own if not issubclass(kind, SCORE_ERRORS)}
    assert uncovered - WARNINGS_AND_SIGNALS == {"SyntaxError"}


def test_the_present_has_a_time_zone() -> None:
    assert utc_now().utcoffset() == dt.timedelta(0)
