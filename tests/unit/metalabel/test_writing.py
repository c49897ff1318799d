from __future__ import annotations

import json
import pickletools
import subprocess
import sys
from pathlib import Path

import pytest

from bot_core._digest import sha256_file
from bot_core._parse import read_json
from bot_core.documents.artifact import TrainedModel
from bot_core.documents.meta_label import MetaLabelReport
from bot_core.errors import AuditError, ConfigError
from bot_core.metalabel.report import report
from bot_core.metalabel.training import train_meta_label
from bot_core.metalabel.writing import Outputs, outputs, write, written
from tests.unit.metalabel.tables import events, table
from tests.unit.metalabel.test_report import FEATURES, NOW, SETTINGS, WHERE

ELSEWHERE = """
import json, pickle, sys
found = pickle.loads(open(sys.argv[1], "rb").read())
assert not [name for name in sys.modules if name.startswith(("bot_core", "numpy", "msgspec"))]
print(json.dumps({key: found[key] for key in found if key != "model"}), found["model"]["model_state"]["format"])
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainedModel, MetaLabelReport, Outputs]:
    """Train on a small table and write what it left."""
    folder = tmp_path_factory.mktemp("made")
    to = outputs(folder / "artifacts/meta_model.pkl", None)
    found = table(folder, events(320))
    trained = train_meta_label(found, FEATURES, SETTINGS)
    said = report(trained, found, SETTINGS, WHERE, written(trained.model, to), NOW)
    write(trained.model, said, to)
    return trained.model, said, to


def test_three_files_lie_beside_each_other(made: tuple[TrainedModel, MetaLabelReport, Outputs]) -> None:
    model, said, to = made
    assert [path.name for path in (to.pickle, to.model, to.report)] == [
        "meta_model.pkl",
        "meta_model.model.json",
        "meta_model.json",
    ]
    assert read_json(to.model, TrainedModel) == model
    assert read_json(to.report, MetaLabelReport) == said
    assert said.artifact.digest == sha256_file(to.model)


def test_the_pickle_holds_plain_values_that_open_without_this_project(made: tuple[TrainedModel, MetaLabelReport, Outputs]) -> None:
    _, said, to = made
    dangerous = {"GLOBAL", "STACK_GLOBAL", "REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"}
    assert not dangerous & {code.name for code, _, _ in pickletools.genops(to.pickle.read_bytes())}
    done = subprocess.run([sys.executable, "-I", "-c", ELSEWHERE, str(to.pickle)], capture_output=True, text=True, check=True)
    found, _, form = done.stdout.strip().rpartition(" ")
    assert form == "linear-json"
    assert json.loads(found) == {
        "feature_columns": FEATURES,
        "label_column": "meta_label",
        "time_column": "event_end",
        "created_at": NOW.isoformat(),
        "metrics": {name: spread.mean for name, spread in said.metrics.items()},
    }


def test_a_report_of_its_own_name_is_written_there(tmp_path: Path) -> None:
    assert outputs(tmp_path / "m.pkl", tmp_path / "r.json").report == tmp_path / "r.json"


@pytest.mark.parametrize(("output", "summary"), [("m.json", None), ("m.pkl", "m.pkl"), ("m.pkl", "m.model.json")])
def test_files_of_one_name_are_refused(output: str, summary: str | None) -> None:
    with pytest.raises(ConfigError, match="expected three files with names of their own"):
        outputs(Path(output), Path(summary) if summary else None)


def test_where_nothing_can_be_written_nothing_is_said_to_be(
    tmp_path: Path, made: tuple[TrainedModel, MetaLabelReport, Outputs]
) -> None:
    (tmp_path / "artifacts").write_text("a file")
    to = outputs(tmp_path / "artifacts/meta_model.pkl", None)
    with pytest.raises(AuditError, match="expected to write"):
        write(made[0], made[1], to)
    assert not to.report.exists()
