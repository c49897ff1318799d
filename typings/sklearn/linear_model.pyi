from typing import Self

import numpy as np
from numpy.typing import NDArray

class LogisticRegression:
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    def __init__(self, *, C: float = ..., max_iter: int = ..., tol: float = ...) -> None: ...
    def fit(self, X: NDArray[np.float64], y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = ...) -> Self: ...

class Ridge:
    coef_: NDArray[np.float64]
    intercept_: float
    def __init__(self, alpha: float = ..., *, solver: str = ...) -> None: ...
    def fit(self, X: NDArray[np.float64], y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = ...) -> Self: ...
