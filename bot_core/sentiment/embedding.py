"""Sentences as points: a small transformer in ONNX Runtime, on the CPU, one thread, one sentence at a time.

A sentence's vector is the mean of its tokens' last hidden states, scaled to length one, as the model's authors made it. Each sentence is a
run of its own and is never padded: its vector depends on nothing else in the batch, so one sentence asked alone and the same one among a
thousand give the same bits. Between kinds of CPU the last digits may differ, since the library picks its kernels by the machine.

What is loaded are bytes that the caller has verified, not paths: between looking at a file and loading it nobody can change it.
onnxruntime and tokenizers are the extra `sentiment`; they are imported when a model is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from bot_core.errors import PredictorError
from bot_core.sentiment.finbert_order import EXTRA, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

MAX_TOKENS = 256
"""Tokens of a sentence that are read, the two marks at its ends included; what stands after them is not seen. The model's own limit."""
_ONE, _MANY = 2, 3  # the dimensions of one row per sentence, and of one per token


class Transformer:
    """A tokenizer and a network that read one sentence; safe to share between threads.

    Args:
        session: an onnxruntime session.
        tokenizer: a tokenizers.Tokenizer that truncates and does not pad.
        inputs: the names of the network's inputs.
    """

    __slots__ = ("_inputs", "_session", "_tokenizer")

    def __init__(self, session: Any, tokenizer: Any, inputs: tuple[str, ...]) -> None:  # noqa: ANN401  # optional libraries without types
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = inputs

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return one row per text, of length one, (n, width); for no text there is no row.

        Raises:
            PredictorError: the network gives no state per token, or one that is not finite.
        """
        rows = [_scaled(_states(self.run(text))) for text in texts]
        return np.stack(rows) if rows else np.empty((0, 0))

    def run(self, text: str) -> FloatArray:
        """Return the network's first output for one text, without the batch's dimension."""
        tokens = self._tokenizer.encode(text).ids
        given = {"input_ids": tokens, "attention_mask": [1] * len(tokens), "token_type_ids": [0] * len(tokens)}
        output = self._session.run(None, {name: np.array([given[name]], dtype=np.int64) for name in self._inputs})[0]
        return np.asarray(output[0], dtype=np.float64)


def load(model: bytes, tokenizer: bytes, *, max_tokens: int = MAX_TOKENS) -> Transformer:
    """Load a network and its tokenizer, both from verified bytes.

    Args:
        model: an ONNX file that takes `input_ids`, `attention_mask` and, if it likes, `token_type_ids`.
        tokenizer: a `tokenizer.json`.
        max_tokens: longer texts are cut to so many tokens.

    Raises:
        PredictorError: a library of the extra is not installed, or the bytes are no such model or tokenizer.
    """
    if absent := missing():
        msg = f"sentiment model: expected {' and '.join(absent)} to run it, got none: not installed"
        raise PredictorError(msg, hint=EXTRA)
    session = _session(model)
    inputs = tuple(given.name for given in session.get_inputs())
    if unknown := sorted({*inputs} - {"input_ids", "attention_mask", "token_type_ids"}):
        msg = f"sentiment model: expected inputs of a sentence's tokens, got {', '.join(unknown)}"
        raise PredictorError(msg, hint="export it as a text encoder: input_ids, attention_mask, token_type_ids")
    return Transformer(session, _tokenizer(tokenizer, max_tokens), inputs)


def _session(model: bytes) -> Any:  # noqa: ANN401  # an optional library without types
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; a warning about a graph says nothing to whoever asks about a sentence
    failures = vars(runtime.capi.onnxruntime_pybind11_state).values()
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except tuple(kind for kind in failures if isinstance(kind, type) and issubclass(kind, Exception)) as error:
        msg = f"sentiment model: expected a model that onnxruntime loads, got an error of the library ({error})"
        raise PredictorError(msg, hint="name a model with an ONNX file that this version reads") from error


def _tokenizer(data: bytes, max_tokens: int) -> Any:  # noqa: ANN401  # the same
    try:
        tokenizer = import_module("tokenizers").Tokenizer.from_buffer(data)
    except ValueError as error:
        msg = f"tokenizer.json: expected a tokenizer, got an error of the library ({error})"
        raise PredictorError(msg, hint="name a model with a tokenizer.json that this version reads") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _states(output: FloatArray) -> FloatArray:
    if output.ndim != _ONE:
        msg = f"sentiment model: expected a state per token, got {output.ndim + 1} dimensions where there are {_MANY}"
        raise PredictorError(msg, hint="this model scores sentences by itself; it is no encoder for a head")
    return output


def _scaled(states: FloatArray) -> FloatArray:
    mean = states.mean(axis=0) if len(states) else np.zeros(1)
    length = float(np.linalg.norm(mean))
    if not (np.isfinite(length) and length > 0.0):
        msg = f"sentiment model: expected a vector of finite length, got length {length}"
        raise PredictorError(msg, hint="the model is damaged, or not one for sentences")
    return np.asarray(mean / length, dtype=np.float64)
