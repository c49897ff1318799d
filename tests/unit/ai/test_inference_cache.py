"""Loaded models: bounded, by symbol and name, and never one with another proof than was asked for."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.ai.inference import DecisionModelInference
from bot_core.ai.inference_cache import BOUND, InferenceCache
from bot_core.documents.runtime import Servable
from bot_core.errors import ConfigError
from tests.compact import DIGEST, built, stamped

if TYPE_CHECKING:
    from collections.abc import Callable

CREATED = dt.datetime(2026, 11, 21, 10, 15, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def loaded() -> Callable[..., DecisionModelInference]:
    """Load one compact model; `commit` makes proofs that differ."""
    artifact = stamped(built("decision_engine", 7), CREATED)
    data = encode_json(artifact)
    record = Servable(
        model="decision_engine",
        version=artifact.metadata.version,
        release=DIGEST,
        artifact=sha256(data),
        domain=DIGEST,
        rollout=100,
        commit="0" * 40,
    )

    def load(commit: str = "0") -> DecisionModelInference:
        return DecisionModelInference(data, replace(record, commit=commit * 40), clock=lambda: CREATED)

    return load


def test_only_the_proof_that_was_asked_for_is_given_out(loaded: Callable[..., DecisionModelInference]) -> None:
    cache, model = InferenceCache(), loaded()
    assert cache.get("eurusd", "main", model.record) is None
    cache.put("eurusd", "main", model)
    assert cache.get("eurusd", "main", model.record) is model
    assert cache.get("eurusd", "main", loaded("1").record) is None
    assert cache.get("eurusd", "main", None) is None
    assert cache.get("EURUSD", "main", model.record) is None


def test_another_proof_takes_the_place(loaded: Callable[..., DecisionModelInference]) -> None:
    cache, old, new = InferenceCache(), loaded(), loaded("1")
    cache.put("eurusd", "main", old)
    cache.put("eurusd", "main", new)
    assert (len(cache), cache.get("eurusd", "main", new.record), cache.get("eurusd", "main", old.record)) == (1, new, None)


def test_what_was_asked_for_longest_ago_goes_first(loaded: Callable[..., DecisionModelInference]) -> None:
    cache, model = InferenceCache(2), loaded()
    cache.put("eurusd", "a", model)
    cache.put("eurusd", "b", model)
    cache.get("eurusd", "a", model.record)
    cache.put("eurusd", "c", model)
    kept = [name for name in "abc" if cache.get("eurusd", name, model.record)]
    assert (kept, len(cache), BOUND) == (["a", "c"], 2, 64)


def test_nothing_is_kept_with_no_room(loaded: Callable[..., DecisionModelInference]) -> None:
    cache = InferenceCache(0)
    cache.put("eurusd", "main", loaded())
    assert len(cache) == 0


def test_a_model_of_another_instrument_is_refused(loaded: Callable[..., DecisionModelInference]) -> None:
    cache = InferenceCache()
    cache.put("EURUSD", "main", loaded())
    with pytest.raises(ConfigError, match="main: expected the instrument that it was trained for, eurusd; got gbpusd") as caught:
        cache.put("gbpusd", "main", loaded())
    assert caught.value.hint == "inference_for('eurusd', 'main')"
    assert len(cache) == 1


def test_threads_never_exceed_the_bound_nor_get_another_s_model(loaded: Callable[..., DecisionModelInference]) -> None:
    cache, models = InferenceCache(3), [loaded(str(digit)) for digit in range(6)]

    def use(number: int) -> bool:
        model = models[number % 6]
        cache.put("eurusd", f"m{number % 6}", model)
        return cache.get("eurusd", f"m{number % 6}", model.record) in (model, None) and len(cache) <= 3

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(2000)))
