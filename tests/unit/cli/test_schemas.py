import json
from pathlib import Path

import pytest

from bot_core.cli.main import main


def test_what_is_committed_is_what_the_types_say() -> None:
    assert main(["schemas", "--check"]) == 0


def test_a_stale_schema_is_named_and_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["schemas"]) == 0
    path = tmp_path / "docs/schemas/model_artifact.schema.json"
    good = path.read_bytes()
    path.write_text("{}")
    capsys.readouterr()
    assert main(["schemas", "--check", "--format", "json"]) == 20
    assert json.loads(capsys.readouterr().out)["stale"] == ["docs/schemas/model_artifact.schema.json"]
    assert path.read_text() == "{}"
    assert main(["schemas"]) == 0
    assert path.read_bytes() == good
