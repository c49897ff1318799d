"""Read `conf/compute/`: where work runs is chosen when it is run, so it is read without Hydra and composed into nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.models import ComputeConfig, DaskCompute, LocalCompute
from bot_core.errors import ConfigError, DocumentError

if TYPE_CHECKING:
    from pathlib import Path


def load_compute(path: Path, *, workers: int | None = None, address: str | None = None) -> ComputeConfig:
    """Read a choice of `conf/compute/`.

    Args:
        path: the file.
        workers: in place of the file's, for a local one.
        address: in place of the file's, for a Dask cluster.

    Raises:
        ConfigError: missing, not what the typed group allows, or an argument that the chosen backend does not have.
    """
    try:
        raw = load_yaml(read_bytes(path), str(path))
    except DocumentError as error:
        raise ConfigError(error.message, hint=f"ls {path.parent}") from error
    found: ComputeConfig = convert(raw, ComputeConfig, str(path), error=ConfigError)  # type: ignore[arg-type]  # a union is a type to msgspec
    changes = {key: value for key, value in {"workers": workers, "address": address}.items() if value is not None}
    unknown = [key for key in changes if key not in found.__struct_fields__]
    if unknown:
        backend = "local" if isinstance(found, LocalCompute) else "dask"
        msg = f"{path}: backend: expected one that has {unknown[0]}, got {backend}"
        raise ConfigError(msg, hint="--workers goes with local, --address with dask")
    plain = {**msgspec.to_builtins(found), **changes}
    if isinstance(found, LocalCompute):
        return convert(plain, LocalCompute, "the command line", error=ConfigError)
    return convert(plain, DaskCompute, "the command line", error=ConfigError)
