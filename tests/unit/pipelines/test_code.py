import subprocess
from pathlib import Path

import grimp
import pytest
import yaml

from pipelines.code import STAGES, closure


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Return the project's import graph."""
    return grimp.build_graph("bot_core", "pipelines", exclude_type_checking_imports=True, cache_dir=None)


def test_every_stage_of_the_pipeline_has_a_list_and_depends_on_it() -> None:
    stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
    assert set(stages) == {"code", *STAGES}
    assert stages["code"]["outs"] == [f"build/code/{stage}.sha256" for stage in STAGES]
    for stage in STAGES:
        assert f"build/code/{stage}.sha256" in stages[stage]["do"]["deps"]


def test_a_stage_sees_what_it_imports_and_no_more(graph: grimp.ImportGraph) -> None:
    ingest, report, train = ({str(p) for p in closure(graph, f"pipelines.{s}")} for s in ("ingest", "report", "train"))
    assert {"pipelines/__init__.py", "pipelines/ingest.py", "bot_core/data/sources/csv_bars.py", "bot_core/_parse.py"} <= ingest
    assert not any(path.startswith(("bot_core/ai", "bot_core/features", "bot_core/reporting")) for path in ingest)
    assert {"bot_core/reporting/card.html", "bot_core/reporting/card.css", "bot_core/reporting/pictures.py"} <= report
    assert "bot_core/ai/booster.py" in train
    assert "bot_core/ai/validation.py" not in train


def test_no_stage_imports_another(graph: grimp.ImportGraph) -> None:
    for stage in STAGES:
        assert {m for m in graph.find_upstream_modules(f"pipelines.{stage}") if m.startswith("pipelines.")} == set()
    assert graph.find_modules_that_directly_import("pipelines") == set()


def test_every_file_of_a_list_exists_and_is_tracked(graph: grimp.ImportGraph) -> None:
    tracked = set(
        subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    )
    for stage in STAGES:
        assert {str(path) for path in closure(graph, f"pipelines.{stage}")} <= tracked
