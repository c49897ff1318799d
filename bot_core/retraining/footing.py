"""What a process stands on where it decides the last bit of a result: place, code, libraries, floating-point environment.

Two processes with equal footings give equal bytes. A footing is what is in force: the kernels that the linear algebra chose when it was
loaded, not the variable that asks for them.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

import bot_core
from bot_core._digest import sha256
from bot_core.documents.document import Part
from bot_core.errors import RetrainingError

CODE = Path("build/code")
LIBRARIES = ("numpy", "numba", "scipy", "pandas", "pyarrow", "scikit-learn", "lightgbm")


class Footing(Part, frozen=True, kw_only=True):
    """What must be equal. `code`: the digest of all lists that the stage `code` writes, as they were when this process first ran a page."""

    folder: str
    package: str
    code: str
    python: str
    libraries: dict[str, str]
    kernels: list[str]
    pinned: dict[str, str | None]


def footing(pinned: tuple[str, ...]) -> Footing:
    """Describe this process.

    Args:
        pinned: names of the environment variables that must be equal.
    """
    return Footing(
        folder=str(Path.cwd()),
        package=str(Path(bot_core.__file__).parent),
        code=_code(),
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        kernels=_kernels(),
        pinned={name: os.environ.get(name) for name in pinned},
    )


def require_same(expected: Footing) -> None:
    """Prove that this process is like the one that asks.

    Raises:
        RetrainingError: it differs; the message names the first difference.
    """
    found = footing(tuple(expected.pinned))
    if found == expected:
        return
    name = next(name for name in Footing.__struct_fields__ if getattr(found, name) != getattr(expected, name))
    msg = (
        f"worker {platform.node()}, process {os.getpid()}: {name}: "
        f"expected {getattr(expected, name)}, got {getattr(found, name)}: its results might differ"
    )
    raise RetrainingError(
        msg, hint=f"start the worker anew: cd {expected.folder} && python -m pipelines.dask_worker ADDRESS --nthreads 1"
    )


@cache
def _code() -> str:
    """Digest the code lists; once, for what a process has loaded does not change when the files do."""
    return sha256(b"".join(path.read_bytes() for path in sorted(CODE.glob("*.sha256"))))


@cache
def _kernels() -> list[str]:
    """List the processor kernels in force: of the linear algebra, and numpy's own."""
    blas = {f"{lib['internal_api']} {lib['architecture']}" for lib in threadpool_info() if "architecture" in lib}
    return [*sorted(blas), *np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])]
