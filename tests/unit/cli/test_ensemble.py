from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot_core.ai.ensembles import register_ensemble
from bot_core.cli import ensemble

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.conftest import Refuse
    from tests.world import Stage, World


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    """A repository with an ensemble that was changed by its newest commit."""
    desk = world("configured")
    for place in ("conf/model", "conf/ensemble"):
        shutil.copytree(Path(place), desk.path / place)
    shutil.copy("params.yaml", desk.path)
    desk.commit("Models")
    register_ensemble(desk.path, "second", {"a": "trees_range", "b": "ridge"})
    weights = {"trees": 3, "ridge": 1}
    components = {"trees": "trees_range", "ridge": "ridge"}
    register_ensemble(desk.path, "range_blend", components, aggregation="weighted", weights=weights, override=True)
    desk.commit("Weigh")
    return desk


def test_help_shows_what_can_be_asked(help_of: Callable[[str], str]) -> None:
    assert ensemble.EPILOG.rstrip() in help_of("ensemble")


def test_the_list_has_a_line_for_each(desk: World) -> None:
    networks, first, second = desk.ok("ensemble", "list").splitlines()
    assert networks.startswith("networks ")
    assert first.startswith("range_blend  sha256:")
    assert first.endswith("  weighted of ridge (1), trees (3)")
    assert second.endswith("  mean of a, b")
    found = json.loads(desk.ok("ensemble", "list", "--format", "json"))["ensembles"]
    assert found["second"]["components"]["a"]["model"] == "trees_range"


def test_where_none_is_declared_it_says_so(world: Callable[[Stage], World]) -> None:
    desk = world("configured")
    assert desk.ok("ensemble", "list") == "conf/ensemble: no ensemble is declared\n"
    assert json.loads(desk.ok("ensemble", "list", "--format", "json")) == {"ensembles": {}}


def test_one_is_shown_with_its_members_and_who_uses_it(desk: World) -> None:
    lines = desk.ok("ensemble", "show", "range_blend").splitlines()
    assert lines[0].startswith("conf/ensemble/range_blend.yaml  sha256:")
    assert [line.split()[:2] for line in lines[2:4]] == [
        ["ridge", "conf/model/ridge.yaml"],
        ["trees", "conf/model/trees_range.yaml"],
    ]
    assert lines[4] == "  used by range_blend"
    facts = json.loads(desk.ok("ensemble", "show", "second", "--format", "json"))
    assert (facts["name"], facts["used_by"], facts["weights"]) == ("second", [], None)


def test_one_that_is_not_there_names_those_that_are(desk: World, refuse: Refuse) -> None:
    assert "expected one of networks, range_blend, second; got third" in refuse(desk, 2, "ensemble", "show", "third")


def test_two_commits_are_compared(desk: World) -> None:
    assert desk.ok("ensemble", "diff", "HEAD~1", "HEAD").splitlines() == [
        "added    second: mean of a, b",
        "changed  range_blend",
        "  aggregation: mean → weighted",
        "  weights.ridge: none → 1.0",
        "  weights.trees: none → 3.0",
    ]
    assert desk.ok("ensemble", "diff", "HEAD", "HEAD~1").startswith("removed  second: mean of a, b\n")
    facts = json.loads(desk.ok("ensemble", "diff", "HEAD~1", "HEAD", "--format", "json"))
    assert facts["changed"]["range_blend"]["aggregation"] == {"before": "mean", "after": "weighted"}
    assert (list(facts["added"]), facts["removed"]) == (["second"], {})


def test_a_commit_is_compared_with_the_files_here(desk: World) -> None:
    assert desk.ok("ensemble", "diff", "HEAD") == "no ensemble differs\n"
    desk.edit("conf/model/ridge.yaml", "penalty: 10.0", "penalty: 1.0")
    changed = desk.ok("ensemble", "diff", "HEAD").splitlines()
    assert [line.partition(": sha256:")[0] for line in changed] == [
        "changed  range_blend",
        "  components.ridge.digest",
        "changed  second",
        "  components.b.digest",
    ]


def test_a_commit_that_does_not_exist_is_a_sentence(desk: World, refuse: Refuse) -> None:
    assert "expected a commit named no-such" in refuse(desk, 2, "ensemble", "diff", "no-such", "HEAD")
