from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

class Parallel:
    def __init__(
        self,
        n_jobs: int | None = ...,
        *,
        prefer: str | None = ...,
        require: str | None = ...,
        batch_size: int | str = ...,
        return_as: str = ...,
    ) -> None: ...
    def __call__(self, iterable: Iterable[Any]) -> Iterable[Any]: ...

def delayed(function: Callable[P, R]) -> Callable[P, tuple[Callable[P, R], tuple[Any, ...], dict[str, Any]]]: ...
def cpu_count() -> int: ...
def parallel_config(backend: str | None = ...) -> AbstractContextManager[object]: ...
