"""LightGBM's C library without LightGBM's Python: trees loaded from text, predicted one row at a time.

Nothing here imports lightgbm, numpy, pandas or scikit-learn. Three facts decide the form:

1. A handle of the fast single-row call has buffers of its own behind a lock, so every thread gets a handle and buffers of its own;
   the trees themselves are shared and never change.
2. The row call keeps Python's interpreter lock (`PyDLL`): it takes some microseconds, and a thread that gives the lock away
   that often waits for it among busy threads, milliseconds each time. Loading gives it away (`CDLL`).
3. OpenMP waits passively and has one thread: `OMP_WAIT_POLICY` is set before the library loads unless the environment already says
   something, and loading, the only part that would start threads, is told to use one.
"""

from __future__ import annotations

import ctypes
import functools
import os
import struct
import threading
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bot_core.errors import PredictorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NORMAL_PREDICTION, _FIRST_TREE, _ALL_TREES, _FLOAT64 = 0, 0, -1, 1
_PARAMETERS = b"num_threads=1 verbosity=-1"
_INSTALL = "pip install lightgbm"
_LOADING = threading.Lock()


class _Row(NamedTuple):
    """One thread's handle: how to predict the first output, and where all of them lie afterwards."""

    predict: Callable[[Sequence[float]], float]
    outputs: ctypes.Array[ctypes.c_double]


class Trees:
    """Trees that predict one row; safe to share between threads.

    Args:
        text: the model in LightGBM's own text format.
        width: how many features a row has.

    Attributes:
        width: how many features a row has.
        outputs: how many numbers a prediction has: the number of classes where there are more than two, else 1.

    Raises:
        PredictorError: no LightGBM library, a text that is no model, or one that wants another number of features.
    """

    def __init__(self, text: str, width: int) -> None:
        self._booster = _Booster(text)
        wanted = self._booster.count("LGBM_BoosterGetNumFeature")
        if wanted != width:
            msg = f"model_state: expected trees over the {width} features of feature_names, got trees over {wanted}"
            raise PredictorError(msg, hint="restore the file from git")
        self.width = width
        self.outputs = self._booster.count("LGBM_BoosterGetNumClasses")
        self._threads = threading.local()

    def predict(self, values: Sequence[float]) -> float:
        """Return the (first) output for `width` values; a missing value is NaN.

        The first call in a thread makes its handle, in a fraction of a millisecond.

        Raises:
            PredictorError: not `width` numbers, or the library refuses.
        """
        try:
            predict = self._threads.predict
        except AttributeError:
            predict = self._row().predict
        return predict(values)  # type: ignore[no-any-return]  # threading.local knows no types

    def predict_all(self, values: Sequence[float]) -> tuple[float, ...]:
        """Return every output for `width` values, one per class; see `predict`."""
        row = self._row()
        row.predict(values)
        return tuple(row.outputs)

    def _row(self) -> _Row:
        try:
            return self._threads.row  # type: ignore[no-any-return]  # threading.local knows no types
        except AttributeError:
            self._threads.row = row = _row(self._booster, self.width, self.outputs)
            self._threads.predict = row.predict
            return row


def library() -> Path:
    """Find the shared library inside the installed lightgbm package, without importing it.

    Raises:
        PredictorError: the package, or the library in it, is not installed.
    """
    spec = find_spec("lightgbm")
    folders = [] if spec is None else spec.submodule_search_locations or []
    found = sorted(path for folder in folders for path in Path(folder).glob("*/lib_lightgbm.*"))
    if not found:
        where = ", ".join(folders) or "no package lightgbm"
        msg = f"LightGBM: expected lib_lightgbm in the installed package, got {where}"
        raise PredictorError(msg, hint=_INSTALL)
    return found[0]


@functools.cache
def _libraries() -> tuple[ctypes.CDLL, ctypes.PyDLL]:
    """Open the one library twice: to give Python's lock away while loading, and to keep it while predicting."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    path = str(library())
    try:
        giving, keeping = ctypes.CDLL(path), ctypes.PyDLL(path)
    except OSError as error:
        msg = f"{path}: expected LightGBM's shared library, got one that does not load ({error})"
        raise PredictorError(msg, hint="install libgomp (Debian: apt-get install libgomp1)") from error
    giving.LGBM_GetLastError.restype = ctypes.c_char_p
    for free in (giving.LGBM_BoosterFree, giving.LGBM_FastConfigFree):
        free.argtypes = [ctypes.c_void_p]
    return giving, keeping


class _Booster:
    """Loaded trees; freed with the last row handle that uses them."""

    def __init__(self, text: str) -> None:
        library, _ = _libraries()
        self.handle = ctypes.c_void_p()
        with _LOADING:
            threads = ctypes.c_int()
            _check(library.LGBM_GetMaxThreads(ctypes.byref(threads)))
            _check(library.LGBM_SetMaxThreads(1))
            try:
                rounds = ctypes.c_int()
                _check(library.LGBM_BoosterLoadModelFromString(text.encode(), ctypes.byref(rounds), ctypes.byref(self.handle)))
            finally:
                library.LGBM_SetMaxThreads(threads)
        weakref.finalize(self, library.LGBM_BoosterFree, self.handle.value)

    def count(self, question: str) -> int:
        """Ask the library one of its questions whose answer is a number."""
        answer = ctypes.c_int()
        _check(_libraries()[0][question](self.handle, ctypes.byref(answer)))
        return answer.value


class _Handle:
    """One fast single-row configuration; holds the trees it reads."""

    def __init__(self, booster: _Booster, width: int) -> None:
        library, _ = _libraries()
        self.booster, self.address = booster, ctypes.c_void_p()
        model = booster.handle, _NORMAL_PREDICTION, _FIRST_TREE, _ALL_TREES
        start = library.LGBM_BoosterPredictForMatSingleRowFastInit
        _check(start(*model, _FLOAT64, width, _PARAMETERS, ctypes.byref(self.address)))
        weakref.finalize(self, library.LGBM_FastConfigFree, self.address.value)


def _row(booster: _Booster, width: int, outputs: int) -> _Row:
    """Make one thread's handle; what the call needs is prepared once, for the call itself takes a few microseconds."""
    handle = _Handle(booster, width)
    values_at, outputs_at, length = (ctypes.c_double * width)(), (ctypes.c_double * outputs)(), ctypes.c_int64()
    into, out_length, out = ctypes.byref(values_at), ctypes.byref(length), ctypes.byref(outputs_at)
    pack = struct.Struct(f"{width}d").pack_into
    call = _libraries()[1].LGBM_BoosterPredictForMatSingleRowFast

    def predict(values: Sequence[float]) -> float:
        try:
            pack(values_at, 0, *values)
        except (struct.error, OverflowError) as error:
            raise wrong_row(width, values) from error
        if call(handle.address, into, out_length, out):
            _check(-1)
        return outputs_at[0]

    return _Row(predict, outputs_at)


def wrong_row(width: int, values: Sequence[float]) -> PredictorError:
    """Say what was given in place of a row."""
    kinds = sorted({type(value).__name__ for value in values})
    msg = f"features: expected {width} numbers, got {len(values)} values ({', '.join(kinds)})"
    return PredictorError(msg, hint="give one number per name in feature_names, in that order; NaN where it is missing")


def _check(code: int) -> None:
    if code:
        said = _libraries()[0].LGBM_GetLastError().decode(errors="replace")
        msg = f"model_state: expected LightGBM's text format and a row for it, got an error of the library ({said.strip()})"
        raise PredictorError(msg, hint="restore the file from git or run `dvc repro`")
