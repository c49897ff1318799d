"""Follow git: fetch, accept, judge, prove, record, swap."""

from __future__ import annotations

import contextlib
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.ai.manager import AIManager
from bot_core.errors import AuditError, DocumentError
from bot_core.governance import layout
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from bot_core.runtime.clone import Clone
from tests.attacks import forge
from tests.attacks.acts import signed_by
from tests.runtime_world import MODEL
from tests.unit.runtime.machine import DAY, YEAR, condition, drop_paper, folder_of, machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot_core.documents.runtime import Active, RuntimeStatus
    from tests.runtime_world import RuntimeWorld
    from tests.unit.runtime.machine import Runtimes


@pytest.fixture
def desk(runtime: Runtimes) -> RuntimeWorld:
    return runtime(followed=True)


def held(status: RuntimeStatus) -> set[str]:
    return {one.name for one in status.conditions if one.holds}


def files(desk: RuntimeWorld) -> dict[str, bytes]:
    """Return what is in force and remembered."""
    return {name: (folder_of(desk).root / f"{name}.json").read_bytes() for name in ("active", "memory")}


def plans(desk: RuntimeWorld) -> list[str]:
    found = folder_of(desk).active()
    return [plan.version for plan in found.plans] if found else []


def in_force(desk: RuntimeWorld) -> Active:
    found = folder_of(desk).active()
    assert found is not None
    return found


def push(desk: RuntimeWorld) -> None:
    desk.put("docs/note.md", f"{desk.git('rev-parse', 'HEAD')}")
    desk.commit()
    desk.push()


def rewrite(desk: RuntimeWorld) -> None:
    desk.git("commit", "-q", "--amend", "-m", "Rewritten")
    desk.git("push", "-qf", str(desk.origin), "main")


# --- what changes nothing ---


def test_a_pass_without_news_changes_nothing(desk: RuntimeWorld) -> None:
    before, told = in_force(desk), len(desk.journal())
    status = machine(desk).once()
    after = in_force(desk)
    assert held(status) == {"Ready", "Verified", "Fresh"}
    assert replace(after, verified=before.verified) == before
    assert after.verified > before.verified
    assert len(desk.journal()) == told


def test_one_reconciler_follows_pass_after_pass(desk: RuntimeWorld) -> None:
    follower = machine(desk)
    for _ in range(3):
        push(desk)
        status = follower.once()
        assert status.observed_commit == desk.git("rev-parse", "HEAD")
        assert held(status) == {"Ready", "Verified", "Fresh"}
    assert len(desk.journal()) == 1


# --- the world ---


def test_while_the_server_is_away_what_was_proven_decides(desk: RuntimeWorld) -> None:
    away = desk.origin.rename(desk.origin.with_name("away.git"))
    status = machine(desk).once()
    assert held(status) == {"Ready"}
    assert condition(status, "Fresh").reason == "GIT"
    assert plans(desk) == [desk.version]
    away.rename(desk.origin)
    assert held(machine(desk).once()) == {"Ready", "Verified", "Fresh"}


def test_an_expired_sign_off_ends_it_all_the_same(desk: RuntimeWorld) -> None:
    desk.origin.rename(desk.origin.with_name("away.git"))
    status = machine(desk, later=YEAR).once()
    assert plans(desk) == []
    assert status.models[0].decides == "rules"
    assert {"SIGNOFF-EXPIRED", "ROLE-MISSING"} & {reason.partition(":")[0] for reason in status.models[0].reasons}
    assert desk.journal()[-1]["event_type"] == "detach"


def test_a_clock_that_was_set_back_revives_nothing(desk: RuntimeWorld) -> None:
    machine(desk, later=YEAR).once()
    assert plans(desk) == []
    for days in (0, -30):
        status = machine(desk, later=days * DAY).once()
        assert plans(desk) == []
        assert status.last_attempted == in_force(desk).verified


@pytest.mark.parametrize("how", ["older", "rewritten"])
def test_another_history_changes_nothing(desk: RuntimeWorld, how: str) -> None:
    push(desk)
    machine(desk).once()
    before = files(desk)
    if how == "older":
        desk.git("push", "-qf", str(desk.origin), "HEAD^:main")
    else:
        rewrite(desk)
    status = machine(desk).once()
    assert held(status) == {"Ready", "Stalled", "Fresh"}
    assert condition(status, "Stalled").reason == "ANCESTRY"
    assert files(desk)["memory"] == before["memory"]
    assert in_force(desk).commit == folder_of(desk).memory().accepted  # type: ignore[union-attr]  # there is one
    assert plans(desk) == [desk.version]


def test_an_unsigned_policy_is_not_followed_and_what_comes_after_it_neither(desk: RuntimeWorld) -> None:
    before = folder_of(desk).memory()
    forge.policy(desk, "--drop", "gus", signers=("ann",))
    desk.push()
    status = machine(desk).once()
    assert condition(status, "Stalled").reason == "POLICY-SELF"
    assert (folder_of(desk).memory(), plans(desk)) == (before, [desk.version])
    forge.sign_policy(desk, "ben")
    desk.push()
    assert held(machine(desk).once()) == {"Ready", "Verified", "Fresh"}


@pytest.mark.parametrize("file", ["there", "gone too"])
def test_a_policy_that_drops_the_environment_stops_its_models(desk: RuntimeWorld, file: str) -> None:
    drop_paper(desk)
    if file == "gone too":
        desk.git("rm", "-q", layout.environment("paper"))
        desk.commit("Paper is over")
    desk.push()
    for _ in range(2):  # the second pass knows that policy already
        status = machine(desk).once()
        assert held(status) == {"Stalled", "Fresh"}
        assert (condition(status, "Stalled").reason, plans(desk)) == ("POLICY-MISSING", [])
        assert "version 2: environments: expected one of production; got paper" in status.reason
        assert status.observed_commit == desk.git("rev-parse", "HEAD")
        assert [(model.decides, model.active) for model in status.models] == [("rules", None)]
    assert [event["event_type"] for event in desk.journal()][-1:] == ["detach"]
    assert list(ActivePlans(folder_of(desk)).current().books) == [MODEL]


def test_another_environment_s_name_by_a_slip_of_the_pen_stops_nothing(desk: RuntimeWorld) -> None:
    before = files(desk)
    follower = machine(desk)
    follower.settings = replace(follower.settings, environment="moon")
    status = follower.once()
    assert (held(status), condition(status, "Stalled").reason) == ({"Stalled", "Fresh"}, "POLICY-MISSING")
    assert files(desk) == before


@pytest.mark.parametrize("how", ["policy", "history"])
def test_a_halt_in_a_commit_that_may_not_be_followed_stops_all_the_same(desk: RuntimeWorld, how: str) -> None:
    push(desk)
    machine(desk).once()
    accepted = desk.git("rev-parse", "HEAD")
    if how == "policy":
        forge.policy(desk, "--drop", "gus", signers=("ann",))
        desk.push()
    else:
        rewrite(desk)
    assert plans(desk) == [desk.version] == [model.active for model in machine(desk).once().models]
    desk.ok("halt", "paper", "--all", *signed_by(desk, "ann"), "--reason", "It drifts.", "--state", "none")
    desk.git("push", "-qf", str(desk.origin), "main")
    status = machine(desk).once()
    assert held(status) == {"Stalled", "Fresh", "Halted"}
    assert (plans(desk), status.observed_commit) == ([], accepted)
    desk.origin.rename(desk.origin.with_name("away.git"))
    assert held(machine(desk).once()) == {"Halted"}  # remembered, whatever becomes of that commit


def test_at_first_contact_a_policy_that_is_not_the_pinned_one_starts_nothing(runtime: Runtimes) -> None:
    desk = runtime()
    status = machine(desk, policy="sha256:" + "0" * 64).once()
    assert held(status) == {"Stalled", "Fresh"}
    assert condition(status, "Stalled").reason == "POLICY-CHAIN"
    assert (folder_of(desk).active(), folder_of(desk).memory()) == (None, None)
    assert not desk.journal()


# --- the own disk ---


def test_a_damaged_active_is_made_anew(desk: RuntimeWorld) -> None:
    desk.put("var/models/active.json", "{")
    status = machine(desk).once()
    assert condition(status, "Stalled").reason == "DOCUMENT"
    assert plans(desk) == [desk.version]
    assert held(machine(desk).once()) == {"Ready", "Verified", "Fresh"}


def test_a_damaged_memory_stops_the_pass_before_anything_changes(desk: RuntimeWorld) -> None:
    desk.put("var/models/memory.json", "{")
    push(desk)
    before = files(desk)
    with pytest.raises(DocumentError, match=r"memory\.json") as caught:
        machine(desk).once()
    assert "telephone" in caught.value.hint
    assert files(desk) == before


def test_a_damaged_status_is_written_anew(desk: RuntimeWorld) -> None:
    desk.put("var/models/status.json", "{")
    status = machine(desk).once()
    assert folder_of(desk).status() == status


def test_a_damaged_artifact_is_written_anew(desk: RuntimeWorld) -> None:
    blob = folder_of(desk).root / "blobs" / in_force(desk).plans[0].artifact.removeprefix("sha256:")
    whole = blob.read_bytes()
    blob.write_bytes(b"{}")
    machine(desk).once()
    assert blob.read_bytes() == whole


@pytest.mark.parametrize("lost", ["artifact", "all"])
def test_what_stays_in_force_is_made_whole_from_the_commit_at_which_it_was_good(desk: RuntimeWorld, lost: str) -> None:
    artifact = in_force(desk).plans[0].artifact.removeprefix("sha256:")
    good = desk.git("rev-parse", "HEAD")
    desk.put(layout.artifact(MODEL, desk.version), "{}")
    desk.commit("Tampered")
    desk.push()
    for blob in (folder_of(desk).root / "blobs").iterdir():
        if lost == "all" or blob.name == artifact:
            blob.unlink()
    status = machine(desk).once()
    assert (status.models[0].state, status.models[0].active) == ("Refused", desk.version)
    assert in_force(desk).plans[0].commit == good
    assert folder_of(desk).blob(f"sha256:{artifact}")


def test_without_a_journal_nothing_is_put_in_force(runtime: Runtimes) -> None:
    desk = runtime()
    desk.put("logs", "a file where a folder should be")
    with pytest.raises(AuditError):
        machine(desk).once()
    assert folder_of(desk).active() is None
    (desk.path / "logs").unlink()
    assert held(machine(desk).once()) == {"Ready", "Verified", "Fresh"}


def test_a_lost_clone_is_fetched_anew(desk: RuntimeWorld) -> None:
    shutil.rmtree(folder_of(desk).repository)
    assert held(machine(desk).once()) == {"Ready", "Verified", "Fresh"}


def test_a_lost_clone_and_no_server_leave_what_was_proven(desk: RuntimeWorld) -> None:
    shutil.rmtree(folder_of(desk).repository)
    desk.origin.rename(desk.origin.with_name("away.git"))
    before = files(desk)
    assert held(machine(desk).once()) == set()
    assert files(desk) == before


class Full(Clone):
    """A clone on a full disk."""

    def hold(self, commit: str) -> None:
        """Keep nothing."""
        raise AuditError(commit)


def test_an_accepted_commit_is_kept_before_it_is_remembered(desk: RuntimeWorld) -> None:
    push(desk)
    before = files(desk)
    with pytest.raises(AuditError, match=desk.git("rev-parse", "HEAD")):
        machine(desk, clone=Full(folder_of(desk).repository, str(desk.origin), "main")).once()
    assert files(desk) == before


# --- two at a time ---


@dataclass(frozen=True)
class Overtaken(StateFolder):
    """A folder whose lock another reconciler gets first."""

    others: list[Callable[[], None]] = field(default_factory=list)

    @contextlib.contextmanager
    def lock(self, name: str = "lock") -> Iterator[None]:
        """Let the others go first."""
        while name == "lock" and self.others:
            self.others.pop()()
        with super().lock(name):
            yield


def test_whoever_was_overtaken_follows_the_newer_commit(desk: RuntimeWorld) -> None:
    def other() -> None:
        push(desk)
        assert held(machine(desk).once()) == {"Ready", "Verified", "Fresh"}

    status = machine(desk, folder=Overtaken(folder_of(desk).root, [other])).once()
    assert held(status) == {"Ready", "Verified", "Fresh"}, status.reason
    assert status.observed_commit == desk.git("rev-parse", "HEAD")


def test_several_at_once_record_an_activation_once(runtime: Runtimes) -> None:
    desk = runtime()
    found: list[RuntimeStatus] = []
    threads = [threading.Thread(target=lambda: found.append(machine(desk).once())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [held(status) for status in found] == [{"Ready", "Verified", "Fresh"}] * 4
    assert [event["event_type"] for event in desk.journal()] == ["ai_model_activated"]


def test_people_can_speak_while_a_server_takes_its_time(desk: RuntimeWorld) -> None:
    folder = folder_of(desk)
    with folder.lock("fetch.lock"):
        folder.change(lambda said: replace(said, detached=True))
    assert folder.control().detached


# --- what people said here ---


def test_a_damaged_control_stops_the_pass_after_what_restricts_was_remembered(desk: RuntimeWorld) -> None:
    desk.put("var/models/control.json", "{")
    desk.ok("halt", "paper", "--all", *signed_by(desk, "ann"), "--reason", "x", "--state", "none")
    desk.push()
    with pytest.raises(DocumentError, match=r"control\.json"):
        machine(desk).once()
    memory = folder_of(desk).memory()
    assert memory is not None
    assert len(memory.halts) == 1


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_halt_said_here_holds_until_git_s_word_is_in_force(desk: RuntimeWorld, order: str) -> None:
    desk.ok("halt", "paper", "--all", *signed_by(desk, "ann"), "--reason", "x")
    desk.push()
    path = desk.path / "logs" if order == "before" else folder_of(desk).root / ".active.json.part"
    if order == "before":
        shutil.rmtree(path)
        path.write_text("no journal")
    else:
        path.mkdir()  # active.json cannot be written
    with pytest.raises(AuditError):
        machine(desk).once()
    assert len(folder_of(desk).control().halts) == 1
    assert plans(desk) == [desk.version]
    assert dict(ActivePlans(folder_of(desk)).current().plans) == {}


def test_what_git_has_overtaken_is_said_no_more(desk: RuntimeWorld) -> None:
    back = in_force(desk).fallbacks[0].version
    with contextlib.chdir(desk.path):
        AIManager().load_decision_artifact("back", layout.artifact(MODEL, back), set_default=True)
    assert machine(desk).once().models[0].active == desk.version
    assert folder_of(desk).control().default == "back"
    desk.promote(desk.compact(99))
    machine(desk).once()
    control = folder_of(desk).control()
    assert (control.default, control.reason) == (None, "the environment's entry has changed")
