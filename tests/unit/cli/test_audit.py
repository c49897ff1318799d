from __future__ import annotations

import csv
import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from tests.world import MODEL, WEEK, build

if TYPE_CHECKING:
    from tests.world import World

PERIOD = "2020-01-01..2100-12-31"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = build(tmp_path_factory.mktemp("audit"), "ready")
    world.merge(world.git("rev-parse", "--abbrev-ref", "HEAD"), after=WEEK)
    return world


def test_an_export_names_every_governed_change_and_who_signed_it(live: World) -> None:
    found = json.loads(live.ok("audit", "export", "--period", PERIOD, "--format", "json"))
    said = {(event["kind"], event["signer"], event["role"], event["decision"]) for event in found["events"]}
    assert ("signoff", "ann", "risk", "approve") in said
    assert ("release", "eve", "", "") in said
    assert ("policy", "", "", "") in said
    assert ("walk_forward", "", "", "") in said
    assert found["tip"] == live.git("rev-parse", "main")
    signed = [event for event in found["events"] if event["kind"] == "signoff"]
    assert all(event["key"].startswith("SHA256:") for event in signed)
    assert {event["subject"] for event in signed} == {f"release {MODEL} {live.version}", "domain trade_entry"}


def test_a_period_counts_both_of_its_days(live: World) -> None:
    day = live.t0.date()
    assert "0 governed changes" in live.ok("audit", "export", "--period", f"2020-01-01..{day - dt.timedelta(days=1)}")
    assert " signoff " in live.ok("audit", "export", "--period", f"{day}..{day + dt.timedelta(days=1)}")


def test_a_table_of_the_same(live: World) -> None:
    rows = list(csv.DictReader(live.ok("audit", "export", "--period", PERIOD, "--format", "csv").splitlines()))
    assert {row["action"] for row in rows} == {"added"}
    assert rows[0].keys() >= {"time", "commit", "kind", "path", "signer", "key"}


def test_a_replay_judges_a_commit_as_of_its_own_time(live: World) -> None:
    when = f"{live.t0 + WEEK + dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"  # the merge is dated ahead of this test
    now = json.loads(live.ok("audit", "replay", "--at", "main", "--env", "production", "--now", when, "--format", "json"))
    assert [model["verdict"] for model in now["environments"][0]["models"]] == ["ALLOW"]
    before = json.loads(live.ok("audit", "replay", "--at", "main~1", "--format", "json"))
    assert [len(place["models"]) for place in before["environments"]] == [1, 0]
    assert now["as_of"] > before["as_of"]


@pytest.mark.parametrize("period", ["2026", "2026-02-01..2026-01-01", "yesterday..today"])
def test_a_period_that_is_none_is_refused(live: World, period: str) -> None:
    code, _, err = live.run("audit", "export", "--period", period)
    assert (code, err.splitlines()[0]) == (
        2,
        f"error[CONFIG]: --period: expected FIRST..LAST such as 2026-10-01..2026-12-31, got {period}",
    )


def test_a_commit_that_is_none_is_refused(live: World) -> None:
    code, _, err = live.run("audit", "replay", "--at", "nothing")
    assert code == 2
    assert "expected a commit named nothing" in err
