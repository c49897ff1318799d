from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from bot_core.documents.tracking import Origin, Told
from bot_core.errors import TrackingError
from bot_core.tracking.port import MISSING_TAG, tags_of, tell
from tests.tracked import COMMIT, FILE, METRICS, PARAMS, tracked
from tests.unit.tracking.notebook import AWAY, Notebook


def test_a_run_is_told_whole_and_ended_last() -> None:
    notebook, run = Notebook(), tracked()
    files = [(FILE, Path("copy"))]
    assert tell(notebook, run, files) == Told(run=run.id, tracker="mlflow", state="delivered", where="in memory")
    assert notebook.told == [
        ("start", run.name),
        ("params", PARAMS),
        ("tags", tags_of(run)),
        ("metrics", METRICS),
        ("files", files),
        ("end", None),
    ]


def test_a_run_that_is_there_is_not_written_to() -> None:
    notebook, run = Notebook(ended=True), tracked()
    assert tell(notebook, run, []).state == "already"
    assert notebook.told == [("start", run.name)]


def test_a_run_that_is_not_told_whole_is_let_go_of() -> None:
    notebook = Notebook(answers={"metrics": AWAY})
    with pytest.raises(TrackingError, match="expected it to answer"):
        tell(notebook, tracked(), [])
    assert [step for step, _ in notebook.told] == ["start", "params", "tags", "metrics", "leave"]


def test_a_file_that_is_not_at_hand_is_named() -> None:
    notebook = Notebook()
    tell(notebook, tracked(), [])
    tags = dict(notebook.told)["tags"]
    assert isinstance(tags, dict)
    assert tags[MISSING_TAG] == FILE


def test_tags_carry_where_a_run_comes_from() -> None:
    run = tracked()
    assert tags_of(run) == {
        "drift": "ok",
        "bot_core.run": run.id,
        "bot_core.model": "small",
        "bot_core.commit": COMMIT,
        "bot_core.clean": "true",
        "bot_core.data": run.origin.data,
        "bot_core.config": run.origin.config,
        "bot_core.environment": run.origin.environment,
    }


@pytest.mark.parametrize("claim", ["bot_core.run", "bot_core.commit"])
def test_a_runs_own_tags_do_not_hide_where_it_comes_from(claim: str) -> None:
    run = replace(tracked(), tags={claim: "another"})
    assert tags_of(run)[claim] != "another"


def test_outside_a_repository_there_is_no_commit() -> None:
    origin = tracked().origin
    run = replace(
        tracked(), origin=Origin(commit=None, clean=False, data=origin.data, config=origin.config, environment=origin.data)
    )
    assert (tags_of(run)["bot_core.commit"], tags_of(run)["bot_core.clean"]) == ("none", "false")
