"""The files in `data/` are the ones whose origin is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot_core._digest import sha256

LINES = Path("data/SHA256SUMS").read_text().splitlines() if Path("data/SHA256SUMS").is_file() else []


@pytest.mark.parametrize("line", LINES)
def test_every_listed_file_has_its_digest(line: str) -> None:
    digest, name = line.split("  ")
    assert sha256(Path("data", name).read_bytes()) == f"sha256:{digest}"


def test_every_data_file_is_listed_and_described() -> None:
    files = {path.name for path in Path("data").glob("*.csv")}
    assert {line.split("  ")[1] for line in LINES} == files
    described = Path("data/README.md").read_text()
    assert [name for name in sorted(files) if f"`{name}`" not in described] == []
