from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

class Parallel:
    def __init__(self, n_jobs: int | None = ..., *, prefer: str | None = ..., return_as: str = ...) -> None: ...
    def __call__(self, iterable: Iterable[Any]) -> Iterable[Any]: ...

def delayed(function: Callable[P, R]) -> Callable[P, tuple[Callable[P, R], tuple[Any, ...], dict[str, Any]]]: ...
