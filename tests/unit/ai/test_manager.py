"""The door by which people reach the models on a machine, from any process."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256_file
from bot_core.ai.manager import AIManager
from bot_core.config.runtime import RuntimeSettings
from bot_core.decision.limits import declared, engine_config
from bot_core.decision.orchestrator import DecisionOrchestrator
from bot_core.errors import AuditError, ConfigError, DocumentError, PredictorError, ReleaseError
from bot_core.governance import layout
from bot_core.governance.reasons import Refused
from bot_core.runtime.active import ActivePlans
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL
from tests.unit.runtime.machine import YEAR, folder_of

if TYPE_CHECKING:
    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes

EIGHT: dict[str, int | str] = {
    "max_cost_bps": 20,
    "min_net_edge_bps": 1,
    "max_daily_loss_pct": "0.05",
    "max_drawdown_pct": "0.2",
    "max_position_ratio": "0.8",
    "max_open_positions": 8,
}
FEATURES = {"momentum": 0.0, "volume_ratio": 1.0}


@pytest.fixture
def desk(runtime: Runtimes, monkeypatch: pytest.MonkeyPatch) -> RuntimeWorld:
    desk = runtime(followed=True)
    monkeypatch.chdir(desk.path)
    return desk


@pytest.fixture
def manager(desk: RuntimeWorld) -> AIManager:
    return AIManager(model_dir=desk.path / "var/models")


def first(desk: RuntimeWorld) -> str:
    return min(path.name.split(".")[0] for path in desk.path.glob(f"models/{MODEL}/*.release.yaml"))


def path_of(version: str) -> str:
    return layout.artifact(MODEL, version)


def decides(desk: RuntimeWorld) -> str | None:
    """Return what a loop in another process would decide by."""
    plans = ActivePlans(folder_of(desk)).current().plans
    return plans[MODEL].record.version if plans else None


def orchestrator() -> DecisionOrchestrator:
    return DecisionOrchestrator(engine_config({**declared(EIGHT), "min_probability": 0.4}))


def elsewhere(code: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in another process, as a person would at a shell."""
    text = f"from bot_core.ai import AIManager\nmanager = AIManager(model_dir='var/models')\n{code}\n"
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)


# --- detach and attach ---


def test_whatever_process_detaches_the_loop_s_models_stop(desk: RuntimeWorld) -> None:
    elsewhere("manager.detach_decision_orchestrator('mending')")
    assert ActivePlans(folder_of(desk)).current().detached == "mending"
    event = desk.journal()[-1]
    assert (event["event_type"], event["status"], event["metadata"]["reason"]) == ("detach", "detached", "mending")  # type: ignore[index]
    AIManager().attach_decision_orchestrator(orchestrator())
    assert decides(desk) == desk.version
    assert desk.journal()[-1]["event_type"] == "attach"
    desk.ok("journal", "verify", "logs/decision_journal/decisions.jsonl")


def test_what_cannot_be_recorded_is_not_done(desk: RuntimeWorld) -> None:
    (desk.path / "file").write_text("")
    with pytest.raises(AuditError):
        AIManager(decision_journal="file/journal.jsonl").detach_decision_orchestrator()
    assert decides(desk) == desk.version


def test_without_settings_it_says_so(desk: RuntimeWorld) -> None:
    (desk.path / "conf/runtime/default.yaml").unlink()
    with pytest.raises(ConfigError, match=r"conf/runtime/default\.yaml"):
        AIManager().detach_decision_orchestrator()
    journal = desk.path / "other.jsonl"
    AIManager(settings=RuntimeSettings(environment="paper", journal=str(journal))).detach_decision_orchestrator()
    assert journal.exists()


# --- a release under a name ---


def test_a_release_that_stood_here_decides_in_place_of_the_environment_s(desk: RuntimeWorld, manager: AIManager) -> None:
    shutil.copy(path_of(first(desk)), f"models/{MODEL}/rollback_target.json")
    loaded = manager.load_decision_artifact("rollback", f"models/{MODEL}/rollback_target.json", set_default=True)
    assert (loaded.is_ready, loaded.record and loaded.record.version) == (True, first(desk))
    assert decides(desk) == first(desk)
    event = desk.journal()[-1]
    assert (event["event_type"], event["metadata"]["name"]) == ("ai_model_activated", "rollback")  # type: ignore[index]
    assert desk.reconcile()[0] == 0
    assert decides(desk) == first(desk)


def test_without_default_it_only_has_a_name(desk: RuntimeWorld, manager: AIManager) -> None:
    manager.load_decision_artifact("old", first(desk), repository_root=f"models/{MODEL}")
    assert decides(desk) == desk.version
    assert desk.journal()[-1]["event_type"] == "attach"
    assert manager.score_decision_features(FEATURES, model_name="old") != manager.score_decision_features(FEATURES)


def test_attaching_a_name_makes_it_decide(desk: RuntimeWorld, manager: AIManager) -> None:
    manager.detach_decision_orchestrator()
    manager.load_decision_artifact("old", path_of(first(desk)))
    assert decides(desk) is None
    judge = orchestrator()
    AIManager().attach_decision_orchestrator(judge, default_model="old")
    assert decides(desk) == first(desk)
    expected = manager.score_decision_features(FEATURES, model_name="old")
    assert judge.score_features(FEATURES, model_name="old").score == expected


def test_a_pin_ends_when_git_moves_on_and_can_be_asked_for_again(desk: RuntimeWorld, manager: AIManager) -> None:
    manager.load_decision_artifact("old", path_of(first(desk)), set_default=True)
    third = desk.compact(99)
    desk.promote(third)
    desk.reconcile()
    assert decides(desk) == third
    AIManager().attach_decision_orchestrator(orchestrator(), default_model="old")
    desk.reconcile()
    assert decides(desk) == first(desk)


def test_a_pin_that_git_would_refuse_now_leaves_the_rules(desk: RuntimeWorld, manager: AIManager) -> None:
    manager.load_decision_artifact("old", path_of(first(desk)), set_default=True)
    digest = sha256_file(desk.path / layout.manifest(MODEL, first(desk)))
    desk.ok("revoke", "release", digest, "--reason", "x", *signed_by(desk, "cid"))
    desk.push()
    desk.reconcile()
    now = ActivePlans(folder_of(desk)).current()
    assert (dict(now.plans), list(now.books)) == ({}, [MODEL])
    with pytest.raises(Refused) as caught:
        AIManager().inference("old")
    assert caught.value.code == "REVOKED"


# --- where releases are looked for ---


def test_a_version_alone_is_found_by_every_process_where_one_said(desk: RuntimeWorld, manager: AIManager) -> None:
    with pytest.raises(DocumentError, match=r"expected .*, got no such model in this folder"):
        manager.load_decision_artifact("old", first(desk))
    assert manager.configure_decision_repository(f"models/{MODEL}").versions() == sorted([first(desk), desk.version])
    elsewhere(f"manager.load_decision_artifact('old', '{first(desk)}')")
    assert AIManager().load_decision_artifact("new", f"{desk.version}.json").is_ready
    assert set(folder_of(desk).control().models) == {"old", "new"}


def test_a_path_is_taken_as_it_is_wherever_releases_are_looked_for(desk: RuntimeWorld, manager: AIManager) -> None:
    (desk.path / "other").mkdir()
    manager.configure_decision_repository("other")
    assert manager.load_decision_artifact("old", path_of(first(desk))).is_ready
    with pytest.raises(DocumentError, match="other: expected"):
        manager.load_decision_artifact("old", first(desk))


def test_a_folder_that_is_not_there_is_refused(desk: RuntimeWorld, manager: AIManager) -> None:
    with pytest.raises(ConfigError, match="models/nothing: expected a folder of releases, got none"):
        manager.configure_decision_repository("models/nothing")
    assert not (desk.path / "var/models/manager.json").exists()


# --- loaded once ---


def test_a_model_is_loaded_once_per_symbol_and_name(manager: AIManager) -> None:
    assert manager.inference_for("eurusd", MODEL) is manager.inference_for("eurusd", MODEL)
    assert manager.inference_for("EURUSD", MODEL) is not manager.inference_for("eurusd", MODEL)
    with pytest.raises(ConfigError, match="expected the instrument that it was trained for, eurusd; got gbpusd"):
        manager.inference_for("gbpusd", MODEL)
    with pytest.raises(ConfigError, match="expected one of no name yet; got nobody"):
        manager.inference_for("eurusd", "nobody")


def test_another_digest_takes_the_place_as_soon_as_it_is_in_force(desk: RuntimeWorld, manager: AIManager) -> None:
    before = manager.inference_for("eurusd", MODEL)
    third = desk.compact(99)
    desk.promote(third)
    desk.reconcile()
    after = manager.inference_for("eurusd", MODEL)
    assert before.record is not None
    assert after.record is not None
    assert (before.record.version, after.record.version) == (desk.version, third)
    assert manager.inference_for("eurusd", MODEL) is after


def test_a_name_is_cached_until_git_would_refuse_it(desk: RuntimeWorld, manager: AIManager) -> None:
    manager.load_decision_artifact("old", path_of(first(desk)), set_default=True)
    found = manager.inference_for("eurusd", "old")
    assert manager.inference_for("eurusd", "old") is found
    digest = sha256_file(desk.path / layout.manifest(MODEL, first(desk)))
    desk.ok("revoke", "release", digest, "--reason", "x", *signed_by(desk, "cid"))
    desk.push()
    desk.reconcile()
    with pytest.raises(Refused) as caught:
        manager.inference_for("eurusd", "old")
    assert caught.value.code == "REVOKED"


def test_where_no_runtime_judges_every_call_does(runtime: Runtimes, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = runtime()
    monkeypatch.chdir(desk.path)
    manager = AIManager()
    manager.load_decision_artifact("old", path_of(first(desk)))
    found = manager.inference_for("eurusd", "old")
    assert found.is_ready
    assert manager.inference_for("eurusd", "old") is not found


def test_threads_share_what_is_loaded(manager: AIManager) -> None:
    expected = manager.inference_for("eurusd", MODEL)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: manager.inference_for("eurusd", MODEL), range(40))) == {expected}


# --- what is refused, with its code ---


def test_a_release_that_never_stood_in_the_environment_is_refused(desk: RuntimeWorld, manager: AIManager) -> None:
    version = desk.compact(99)
    desk.push()
    desk.reconcile()
    before = folder_of(desk).control()
    with pytest.raises(Refused, match=r"expected decision_engine .* to stand there or to have stood there, got never") as caught:
        manager.load_decision_artifact("new", path_of(version), set_default=True)
    assert caught.value.code == "STAGE-ORDER"
    assert folder_of(desk).control() == before


def test_what_is_only_in_the_work_tree_is_refused(desk: RuntimeWorld, manager: AIManager) -> None:
    with pytest.raises(Refused) as caught:
        manager.load_decision_artifact("new", path_of(desk.compact(99)))
    assert caught.value.code == "STAGE-ORDER"


def test_bytes_that_were_never_released_are_refused(desk: RuntimeWorld, manager: AIManager) -> None:
    path = desk.path / path_of(first(desk))
    changed = path.with_name("rollback_target.json")
    changed.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ReleaseError, match="expected a model that a manifest beside it names"):
        manager.load_decision_artifact("bad", changed, set_default=True)


def test_bytes_that_a_local_manifest_claims_are_refused(desk: RuntimeWorld, manager: AIManager) -> None:
    path = desk.path / path_of(first(desk))
    whole = sha256_file(path)
    path.write_bytes(path.read_bytes() + b"\n")
    desk.edit(layout.manifest(MODEL, first(desk)), whole, sha256_file(path))
    with pytest.raises(Refused) as caught:
        manager.load_decision_artifact("bad", path, set_default=True)
    assert caught.value.code == "REL-DIGEST"


@pytest.mark.parametrize(("order", "code"), [("revoke", "REVOKED"), ("halt", "HALTED")])
def test_what_is_revoked_or_halted_is_refused(desk: RuntimeWorld, manager: AIManager, order: str, code: str) -> None:
    digest = sha256_file(desk.path / layout.manifest(MODEL, first(desk)))
    words = ("revoke", "release", digest) if order == "revoke" else ("halt", "paper", "--all", "--state", "none")
    desk.ok(*words, "--reason", "x", *signed_by(desk, "ann"))
    desk.push()
    desk.reconcile()
    with pytest.raises(Refused) as caught:
        manager.load_decision_artifact("old", path_of(first(desk)))
    assert caught.value.code == code
    assert folder_of(desk).control().models == {}


@pytest.mark.parametrize("name", ["nothing.json", "../other.json", "models"])
def test_a_file_that_is_not_there_is_refused(manager: AIManager, name: str) -> None:
    with pytest.raises(DocumentError):
        manager.load_decision_artifact("x", name, repository_root=f"models/{MODEL}")


def test_where_no_runtime_was_yet_the_newest_commit_here_is_asked(runtime: Runtimes, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = runtime()
    monkeypatch.chdir(desk.path)
    assert AIManager().load_decision_artifact("old", path_of(first(desk)), set_default=True).is_ready
    assert desk.reconcile()[0] == 0
    assert decides(desk) == first(desk)


# --- scores ---


def test_the_one_model_in_force_is_scored_without_a_name(manager: AIManager) -> None:
    score = manager.score_decision_features(FEATURES)
    assert math.isfinite(score.expected_return_bps)
    assert 0.0 <= score.success_probability <= 1.0


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        ({"momentum": 0.0}, "features: expected volume_ratio, got none"),
        ({}, "features: expected momentum, got none"),
        ({**FEATURES, "mood": 1.0}, "features: expected momentum, volume_ratio; got mood too"),
    ],
)
def test_features_must_be_those_that_it_reads(manager: AIManager, features: dict[str, float], sentence: str) -> None:
    with pytest.raises(PredictorError) as caught:
        manager.score_decision_features(features)
    assert caught.value.message == sentence


def test_a_model_that_is_not_ready_is_not_asked(desk: RuntimeWorld) -> None:
    late = AIManager(clock=lambda: desk.now + YEAR)
    with pytest.raises(PredictorError, match="expected a model that is ready, got one too old, or unsigned by now"):
        late.score_decision_features(FEATURES)


def test_an_unknown_name_is_an_error_that_names_the_known(desk: RuntimeWorld, manager: AIManager) -> None:
    with pytest.raises(ConfigError, match="expected one of no name yet; got x"):
        manager.score_decision_features(FEATURES, model_name="x")
    manager.load_decision_artifact("old", path_of(first(desk)))
    with pytest.raises(ConfigError, match="expected one of old; got x"):
        manager.attach_decision_orchestrator(orchestrator(), default_model="x")
    assert desk.journal()[-1]["metadata"]["name"] == "old"  # type: ignore[index]


def test_without_exactly_one_model_in_force_a_name_is_needed(desk: RuntimeWorld, manager: AIManager) -> None:
    folder = folder_of(desk)
    active = folder.active()
    assert active is not None
    for plans, named in (([], "none"), ([*active.plans, replace(active.plans[0], model="other")], f"{MODEL}, other")):
        folder.write(replace(active, plans=plans))
        with pytest.raises(ConfigError, match=f"expected one model in force, got {named}"):
            manager.score_decision_features(FEATURES)
