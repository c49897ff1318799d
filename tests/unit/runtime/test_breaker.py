"""When a model is left alone, and when it is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.decision.ports import SCORE_ERRORS, Inference, ModelScore
from bot_core.runtime.breaker import Breaker, ScoreTooLate
from tests.unit.decision.conftest import Told

if TYPE_CHECKING:
    from collections.abc import Mapping

BUDGET, PAUSE = 0.05, 30.0
SCORE = ModelScore(50.0, 0.75)


class Watch:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


class Model(Told):
    """A model that takes its time, or fails, as it was told."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch
        self.takes = 0.0
        self.error: Exception | None = None

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Take the time, then answer or fail."""
        self.asked.append(dict(features))
        self.watch.now += self.takes
        if self.error is not None:
            raise self.error
        return self.answer


class Bench:
    """A breaker around such a model."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.model = Model(self.watch)
        self.breaker = Breaker(self.model, budget_s=BUDGET, failures=3, pause_s=PAUSE, clock=self.watch)

    def step(self, word: str) -> str:
        """Do one thing; return `is_ready`, `is_open` and what came of it, as one word."""
        kind, _, seconds = word.partition(" ")
        self.model.takes = BUDGET * 1.01 if kind == "slow" else 0.0
        self.model.error = ValueError("no") if kind == "bad" else None
        if kind == "wait":
            self.watch.now += float(seconds)
            outcome = "waited"
        elif kind in {"good", "slow", "bad"}:
            outcome = self._asked()
        else:
            outcome = "looked"
        return f"{'ready' if self.breaker.is_ready else 'not'}/{'open' if self.breaker.is_open else 'closed'}/{outcome}"

    def _asked(self) -> str:
        try:
            return "score" if self.breaker.score({}) == SCORE else "other"
        except ScoreTooLate:
            return "late"
        except ValueError:
            return "raised"


CLOSED = ("ready/closed/raised", "ready/closed/raised")
TABLE = {
    "a good answer changes nothing": [("good", "ready/closed/score")],
    "two bad ones are not enough": [("bad", CLOSED[0]), ("bad", CLOSED[1])],
    "three in a row open it": [("bad", CLOSED[0]), ("bad", CLOSED[1]), ("bad", "not/open/raised")],
    "a good one between them counts from the beginning": [
        ("bad", CLOSED[0]),
        ("bad", CLOSED[1]),
        ("good", "ready/closed/score"),
        ("bad", CLOSED[0]),
        ("bad", CLOSED[1]),
    ],
    "slow ones count like bad ones": [("slow", "ready/closed/late"), ("bad", CLOSED[1]), ("slow", "not/open/late")],
    "it stays open for the whole pause": [
        *[("bad", CLOSED[0])] * 2,
        ("bad", "not/open/raised"),
        ("wait 29.9", "not/open/waited"),
        ("wait 0.2", "ready/open/waited"),
    ],
    "half open, a good answer closes it": [
        *[("bad", CLOSED[0])] * 2,
        ("bad", "not/open/raised"),
        ("wait 31", "ready/open/waited"),
        ("good", "ready/closed/score"),
        ("bad", CLOSED[0]),
    ],
    "half open, a bad answer opens it for another pause": [
        *[("bad", CLOSED[0])] * 2,
        ("bad", "not/open/raised"),
        ("wait 31", "ready/open/waited"),
        ("bad", "not/open/raised"),
        ("wait 29.9", "not/open/waited"),
        ("wait 0.2", "ready/open/waited"),
        ("slow", "not/open/late"),
    ],
}


@pytest.mark.parametrize("steps", TABLE.values(), ids=TABLE)
def test_the_table_of_states(steps: list[tuple[str, str]]) -> None:
    bench = Bench()
    assert [(word, bench.step(word)) for word, _ in steps] == steps


def test_what_comes_too_late_is_thrown_away_and_told() -> None:
    bench = Bench()
    bench.model.takes = 0.0625
    with pytest.raises(ScoreTooLate) as caught:
        bench.breaker.score({"momentum": 1.0})
    assert caught.value.message == "model: expected a score within 50 ms, got one after 62.5 ms"
    assert caught.value.code == "SLOW"
    assert isinstance(caught.value, SCORE_ERRORS)


def test_an_answer_just_in_time_counts() -> None:
    bench = Bench()
    bench.watch.now, bench.model.takes = 0.0, BUDGET
    assert bench.breaker.score({}) == SCORE


def test_a_slow_failure_is_the_failure() -> None:
    bench = Bench()
    bench.model.takes, bench.model.error = 9.0, KeyError("x")
    with pytest.raises(KeyError):
        bench.breaker.score({})


def test_the_pause_begins_with_the_answer_and_not_with_the_question() -> None:
    bench = Bench()
    bench.model.takes = 10.0
    for _ in range(3):
        with pytest.raises(ScoreTooLate):
            bench.breaker.score({})
    bench.watch.now += PAUSE - 0.1
    assert not bench.breaker.is_ready


def test_a_model_that_is_not_ready_is_not_made_ready() -> None:
    bench = Bench()
    bench.model.ready = False
    assert bench.breaker.is_ready is False


def test_while_it_is_open_the_model_is_not_asked_by_who_looks_first() -> None:
    bench = Bench()
    for _ in range(3):
        bench.step("bad")
    asked = len(bench.model.asked)
    for _ in range(10):
        if bench.breaker.is_ready:
            bench.breaker.score({})
    assert len(bench.model.asked) == asked


def test_it_is_an_inference() -> None:
    bench = Bench()
    assert isinstance(bench.breaker, Inference)
    assert bench.breaker.feature_names == ("momentum", "volume_ratio")
