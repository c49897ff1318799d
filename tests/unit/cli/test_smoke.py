from __future__ import annotations

import base64
import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot_core._digest import sha256, sha256_file
from bot_core.cli import smoke
from bot_core.decision.smoke import Sources, digest_of
from bot_core.governance import sshsig
from bot_core.governance.layout import REPORT
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from tests.runtime_world import MODEL, RuntimeWorld, build_runtime
from tests.world import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

HEAVY = {"pandas", "polars", "hydra", "dvc", "lightgbm", "sklearn", "numba", "numpy", "scipy", "matplotlib", "pandera"}
PAPER = "data/decision_engine/paper"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> RuntimeWorld:
    """A machine that follows git, with the shipped files; read only."""
    world = build_runtime(tmp_path_factory.mktemp("smoke"))
    assert world.reconcile()[0] == 0
    shutil.copytree(ROOT / PAPER, world.path / PAPER, ignore=shutil.ignore_patterns("__pycache__"))
    world.commit("A made-up account")
    return world


@pytest.fixture
def desk(built: RuntimeWorld, tmp_path: Path) -> RuntimeWorld:
    """A copy to change."""
    shutil.copytree(built.path, tmp_path / "repository", symlinks=True)
    return RuntimeWorld(tmp_path / "repository", built.keys, built.t0, built.version, built.shift)


def files(root: Path) -> dict[str, str]:
    """Return everything there is, git's own files aside."""
    paths = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(root)): sha256_file(path) for path in paths}


def told(desk: RuntimeWorld, *words: object, mode: str = "paper") -> tuple[int, dict[str, Any]]:
    """Run it for a program."""
    code, out, err = desk.run("smoke", "--mode", mode, *words, "--format", "json")
    assert not err, err
    return code, json.loads(out)


def error(desk: RuntimeWorld, code: int, *words: object, mode: str = "paper") -> str:
    """Run what cannot work, or is refused before anything is judged; return its sentence. Nothing is written."""
    before = files(desk.path)
    got, out, err = desk.run("smoke", "--mode", mode, *words)
    assert (got, out, files(desk.path)) == (code, "", before), err
    assert "\n  → " in err
    return err


def change(desk: RuntimeWorld, path: str, edit: Callable[[dict[str, Any]], None]) -> None:
    plain = json.loads(desk.read(path))
    edit(plain)
    desk.put(path, json.dumps(plain))


LIVE = tuple(word for name in Sources._fields for word in (f"--{name.replace('_', '-')}", f"{PAPER}/{name}.json"))


def test_help_shows_the_ways(help_of: Callable[[str], str]) -> None:
    said = help_of("smoke")
    assert smoke.EPILOG.rstrip() in said
    assert "no line in the journal" in " ".join(said.split())


def test_the_shipped_account_is_judged_by_the_real_model(desk: RuntimeWorld) -> None:
    before = files(desk.path)
    code, report = told(desk, "--output", "out/smoke.json")
    assert (code, report["accepted"], report["rejected"], report["passed"], report["problems"]) == (0, 3, 2, True, [])
    assert report["reasons"] == {"cost_above_limit": 1, "net_edge_below_minimum": 1, "gross_notional_limit": 1}
    (model,), active = report["models"], desk.state()["plans"][0]  # type: ignore[index]  # plain JSON
    assert {name: model[name] for name in ("model", "version", "release", "artifact", "domain")} == {
        name: active[name] for name in ("model", "version", "release", "artifact", "domain")
    }
    assert (report["environment"], report["commit"], report["mode"]) == ("paper", desk.state()["commit"], "paper")
    for one in report["evaluations"]:
        assert (one["version"], one["artifact"], len(one["left_out"])) == (desk.version, active["artifact"], 16)
        assert isinstance(one["evaluation"]["model_expected_return_bps"], float)
    assert report["inputs"] == {
        name: {"path": f"{PAPER}/{name}.json", "digest": before[f"{PAPER}/{name}.json"]} for name in Sources._fields
    }
    assert report["digest"] == digest_of(report["inputs"], report["evaluations"])
    assert json.loads(desk.read("out/smoke.json")) == report
    assert {path for path, digest in files(desk.path).items() if before.get(path) != digest} == {"out/smoke.json"}


def test_scores_are_those_that_the_model_gives_anybody(desk: RuntimeWorld) -> None:
    _, report = told(desk)
    model = ActivePlans(StateFolder(desk.path / "var/models")).current().plans[MODEL].inference
    for one in report["evaluations"]:
        features = one["evaluation"]["candidate"]["metadata"]["features"]
        score = model.score({name: features[name] for name in model.feature_names})
        assert one["evaluation"]["model_expected_return_bps"] == score.expected_return_bps
        assert one["evaluation"]["model_success_probability"] == score.success_probability


def test_the_table_for_people(desk: RuntimeWorld) -> None:
    text = desk.ok("smoke", "--mode", "paper")
    lines = text.splitlines()
    assert lines[0] == f"paper in paper at {str(desk.state()['commit'])[:12]}"
    assert lines[1].startswith(f"  {MODEL} {desk.version}, sha256:")
    assert lines[2].startswith(f"  {MODEL} does not read return_1, momentum_6, ")
    assert [line.split() for line in lines if "eurusd" in line][3][-3:] == ["veto", "cost_above_limit,", "net_edge_below_minimum"]
    assert "3 accepted, 2 rejected" in lines
    assert ["cost_above_limit", "1"] in [line.split() for line in lines]


def test_where_nothing_is_accepted_it_says_why_and_keeps_the_report(desk: RuntimeWorld) -> None:
    change(desk, f"{PAPER}/tco_report.json", lambda plain: plain.update(strategies={}, total={"cost_bps": 14.0}))
    code, out, _ = desk.run("smoke", "--mode", "paper", "--output", "smoke.json")
    assert code == 20
    why = "net_edge_below_minimum (5), gross_notional_limit (1)"
    assert out.splitlines()[-1] == f"refused: candidates: expected at least one to be accepted, got none of 5: {why}"
    assert json.loads(desk.read("smoke.json"))["passed"] is False
    assert told(desk, "--allow-empty")[0] == 0


def test_a_model_that_scores_nothing_fails_even_then(desk: RuntimeWorld) -> None:
    def strip(plain: dict[str, Any]) -> None:
        for candidate in plain["candidates"]:
            del candidate["metadata"]["features"]["momentum"]

    change(desk, f"{PAPER}/candidates.json", strip)
    code, report = told(desk, "--allow-empty")
    why = "feature_missing (5), cost_above_limit (1), gross_notional_limit (1)"
    assert code == 20
    assert report["problems"] == [f"{MODEL} {desk.version}: expected a score of at least one candidate, got none of 5: {why}"]


# --- live ---


def test_live_takes_nothing_made_up(desk: RuntimeWorld) -> None:
    assert "--risk-snapshot, --candidates, --tco-report: expected a file each in mode live, got none" in error(desk, 2, mode="live")
    assert "--tco-report: expected a file each" in error(desk, 2, *LIVE[:4], mode="live")
    assert "--state: expected the settings' own in mode live, got var" in error(desk, 2, *LIVE, "--state", "var", mode="live")


def test_live_refuses_a_snapshot_without_a_time_and_an_old_one(desk: RuntimeWorld) -> None:
    code, report = told(desk, *LIVE, mode="live")
    assert (code, report["accepted"], report["reasons"]["risk_snapshot_undated"]) == (20, 0, 5)
    for age, expected, accepted in ((90, 20, 0), (0, 0, 3)):
        date(desk, dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age))
        code, report = told(desk, *LIVE, mode="live")
        assert (code, report["accepted"], report["reasons"].get("risk_snapshot_stale", 0)) == (
            expected,
            accepted,
            0 if accepted else 5,
        )


def date(desk: RuntimeWorld, taken: dt.datetime) -> None:
    """Say of every snapshot when it was taken."""

    def edit(plain: dict[str, Any]) -> None:
        for snapshot in plain.values():
            snapshot["taken_at"] = taken.isoformat()

    change(desk, f"{PAPER}/risk_snapshot.json", edit)


def test_paper_does_not_make_an_old_snapshot_new(desk: RuntimeWorld) -> None:
    change(desk, f"{PAPER}/risk_snapshot.json", lambda plain: plain["balanced"].update(taken_at="2020-01-01T00:00:00Z"))
    _, report = told(desk)
    assert report["reasons"]["risk_snapshot_stale"] == 3


# --- no model ---


def test_without_a_model_in_force_nothing_passes(desk: RuntimeWorld) -> None:
    said = error(desk, 20, "--state", "elsewhere", "--allow-empty", "--output", "smoke.json")
    assert said == (
        "error[PREDICTOR]: elsewhere: expected what is in force, got nothing: no runtime has been here yet\n"
        "  → bot-core reconcile --once\n"
    )
    assert "expected a plan of unheard in force in paper, got decision_engine" in error(desk, 20, "--model", "unheard")


def test_a_detached_machine_is_refused(desk: RuntimeWorld) -> None:
    desk.put("var/models/control.json", json.dumps({"schema": "bot-core/control/v1", "detached": True, "reason": "drift alert"}))
    assert "got all of them detached on this machine: drift alert" in error(desk, 20)
    desk.put("var/models/control.json", "{")
    assert "control.json: expected JSON, got b'{'" in error(desk, 20)


def test_a_broken_model_is_refused(desk: RuntimeWorld) -> None:
    blob = desk.path / "var/models/blobs" / str(desk.state()["plans"][0]["artifact"]).removeprefix("sha256:")  # type: ignore[index]  # plain JSON
    data = blob.read_bytes()
    blob.write_bytes(data.replace(b"0", b"1", 1))
    assert f"expected the content that its name says, got {sha256(data.replace(b'0', b'1', 1))}" in error(desk, 20)
    blob.unlink()
    assert "expected a plan of decision_engine in force in paper, got none: " in error(desk, 20)


def test_another_state_may_be_named_in_paper(desk: RuntimeWorld) -> None:
    (desk.path / "var/models").rename(desk.path / "var/others")
    assert "no runtime has been here yet" in error(desk, 20)
    assert told(desk, "--state", "var/others")[0] == 0


def test_maintenance_stops_no_test_and_is_said(desk: RuntimeWorld) -> None:
    change(desk, "var/models/active.json", lambda plain: plain.update(maintenance=True))
    assert told(desk)[1]["maintenance"] is True
    assert "; maintenance: nothing is traded there\n" in desk.ok("smoke", "--mode", "paper")


def test_shrunk_limits_are_said(desk: RuntimeWorld) -> None:
    protected = {"model": MODEL, "path": "a.json", "digest": sha256(b""), "since": "2026-11-21T10:15:00Z"}
    desk.put("var/models/control.json", json.dumps({"schema": "bot-core/control/v1", "protected": [protected]}))
    assert ", its limits shrunk to 50.0" in desk.ok("smoke", "--mode", "paper")


# --- faults, and the signature ---


def test_a_faulty_file_is_refused_before_anything_is_judged(desk: RuntimeWorld) -> None:
    desk.put(f"{PAPER}/risk_snapshot.json", '{"balanced": {"start_of_day_equity": "much"}}')
    said = f"error[DOCUMENT]: {PAPER}/risk_snapshot.json: balanced: start_of_day_equity: expected float, got 'much'\n"
    code, _, err = desk.run("smoke", "--mode", "paper", "--output", "smoke.json")
    assert (code, err, (desk.path / "smoke.json").exists()) == (2, said, False)
    code, _, err = desk.run("smoke", "--mode", "paper", "--candidates", "none.json")
    assert (code, err) == (2, "error[DOCUMENT]: none.json: expected a readable file, got No such file or directory\n")


def test_words_that_make_no_sense_are_refused(desk: RuntimeWorld) -> None:
    assert "--key: expected an --output to sign, got none" in error(desk, 2, "--key", desk.key("eve"))
    assert f"--output: expected a file of its own, got {PAPER}/../paper/candidates.json, which is read" in error(
        desk, 2, "--output", f"{PAPER}/../paper/candidates.json"
    )
    assert "error[SIGNING]" in error(desk, 2, "--output", "smoke.json", "--key", "no/such/key")


def verified(path: Path) -> bool:
    """Ask ssh-keygen, as the help says."""
    words = ["ssh-keygen", "-Y", "check-novalidate", "-n", REPORT.namespace, "-s", f"{path}.sig"]
    return subprocess.run(words, input=path.read_bytes(), capture_output=True, check=False).returncode == 0


def test_the_signature_covers_every_byte(desk: RuntimeWorld) -> None:
    path = desk.path / "smoke.json"
    desk.ok("smoke", "--mode", "paper", "--output", "smoke.json", "--key", desk.key("eve"))
    assert verified(path)
    signature = sshsig.verify(path.read_bytes(), Path(f"{path}.sig").read_bytes(), REPORT.namespace)
    assert base64.b64encode(signature.key).decode() == Path(f"{desk.key('eve')}.pub").read_text().split()[1]
    for old, new in (
        ('"accepted": false', '"accepted": true'),
        ('"net_edge_bps": 0', '"net_edge_bps": 9'),
        ('"accepted": 3', '"accepted": 5'),
    ):
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        assert not verified(path)
        path.write_text(text)
    assert verified(path)


def test_an_unsigned_report_leaves_no_older_signature_beside_it(desk: RuntimeWorld) -> None:
    desk.ok("smoke", "--mode", "paper", "--output", "smoke.json", "--key", desk.key("eve"))
    desk.ok("smoke", "--mode", "paper", "--output", "smoke.json")
    assert not (desk.path / "smoke.json.sig").exists()


def test_a_signature_that_cannot_be_removed_stops_the_report(desk: RuntimeWorld) -> None:
    (desk.path / "smoke.json.sig").mkdir()
    code, _, err = desk.run("smoke", "--mode", "paper", "--output", "smoke.json")
    assert (code, (desk.path / "smoke.json").exists()) == (1, False)
    assert err.startswith("error[AUDIT]: smoke.json.sig: expected to remove a signature of what was there before, got ")


def test_it_loads_nothing_heavy() -> None:
    code = f"import sys, bot_core.cli.smoke; print(sorted({HEAVY} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
