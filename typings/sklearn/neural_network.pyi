import numpy as np
from numpy.typing import NDArray

class MLPClassifier:
    coefs_: list[NDArray[np.float64]]
    intercepts_: list[NDArray[np.float64]]
    def __init__(
        self,
        hidden_layer_sizes: tuple[int, ...],
        *,
        alpha: float = ...,
        batch_size: int = ...,
        learning_rate_init: float = ...,
        random_state: int = ...,
    ) -> None: ...
    def partial_fit(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        classes: NDArray[np.float64] | None = ...,
        sample_weight: NDArray[np.float64] | None = ...,
    ) -> MLPClassifier: ...
    def predict_proba(self, X: NDArray[np.float64]) -> NDArray[np.float64]: ...
