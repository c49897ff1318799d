import json
from pathlib import Path

import pytest

from bot_core._parse import write_json
from bot_core.ai.monitoring_record import write_report
from bot_core.cli.main import main
from bot_core.documents.data_quality import DataQualityReport
from tests.monitored import NOON, inference_quality


def _report(root: Path) -> Path:
    path = root / "audit/ai_decision/data_quality/20260101T000000Z-00000000.json"
    report = DataQualityReport(
        model="m",
        instrument="i",
        status="ok",
        rows=1,
        usable_rows=1,
        first="a",
        last="b",
        as_of="c",
        findings=[],
        remaining=[],
        repairs=[],
        gaps=[],
    )
    write_json(path, report)
    return path


def test_documents_that_conform_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _report(tmp_path)
    assert main(["validate", str(tmp_path)]) == 0
    assert "1 documents checked, 0 violations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('"status": "ok"', '"status": "fine"', "status: expected one of ok, warning, critical; got 'fine'"),
        ('"rows": 1,', '"rows": "1",', "rows: expected int, got '1'"),
        ('"model": "m",', '"model": "m", "extra": 1,', "got the unknown key extra"),
        (
            '"schema": "bot-core/data-quality/v1"',
            '"schema": "bot-core/data-quality/v9"',
            "expected one of bot-core/data-quality/v1",
        ),
    ],
)
def test_a_document_that_does_not_conform_is_named_with_the_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, part: str
) -> None:
    path = _report(tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert main(["validate", str(tmp_path), "--format", "json"]) == 20
    (violation,) = json.loads(capsys.readouterr().out)["violations"]
    assert violation.startswith(str(path))
    assert part in violation


def test_kinds_that_share_a_folder_are_told_apart_by_their_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _report(tmp_path)
    path = write_report(tmp_path, inference_quality(), lambda: NOON)
    assert main(["validate", str(tmp_path)]) == 0
    assert "2 documents checked, 0 violations" in capsys.readouterr().out
    text = (tmp_path / path).read_text()
    (tmp_path / path).write_text(text.replace('"incomplete": 0', '"incomplete": -1'))
    assert main(["validate", str(tmp_path)]) == 20
    assert f"{path}: incomplete: " in capsys.readouterr().out
