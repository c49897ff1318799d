from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.documents.interventions import Review, Rollback
from bot_core.documents.policy import After, GoLive, RollbackRule
from bot_core.governance import layout
from bot_core.governance.crew import Crew
from bot_core.governance.reading import spell
from bot_core.governance.sshsig import verify
from bot_core.governance.stages import Standing, first_activation, minutes_missing, reviews, runs, standing, was_before
from tests.memory_view import (
    DAY,
    DIGEST,
    MODEL,
    REPOSITORY,
    T0,
    VERSION,
    MemoryView,
    entry,
    make,
    policy,
    put_environment,
    rules,
    sign,
)

if TYPE_CHECKING:
    from bot_core.documents.environment import Entry

OLD = entry()
NEW = entry("20261110T080000Z-bb17c02e", sha256(b"a newer release"), fallback=VERSION)
THIRD = entry("20261115T080000Z-cc17c02e", sha256(b"a third release"), fallback=NEW.version)
CREW = Crew(policy())


def history(*states: tuple[int, Entry | None], name: str = "paper") -> MemoryView:
    """Let an environment hold an entry, or none, from so many days on."""
    view = MemoryView()
    for day, held in states:
        put_environment(view, *([] if held is None else [held]), name=name, since=T0 + day * DAY)
    return view


def stand(view: MemoryView, of: Entry, **rule: int) -> Standing:
    return standing(view, rules(rollback=make(RollbackRule, rule)), of, CREW)


def test_runs_are_the_spans_in_which_a_release_stood() -> None:
    view = history((0, OLD), (2, NEW), (5, OLD), (6, None))
    spans = [(run.since, run.until) for run in runs(view, "paper", DIGEST)]
    assert spans == [(T0 + 5 * DAY, T0 + 6 * DAY), (T0, T0 + 2 * DAY)]
    assert list(runs(view, "paper", sha256(b"never"))) == []


def test_a_step_of_the_rollout_is_part_of_a_run() -> None:
    (run,) = runs(history((0, entry(rollout=5)), (1, entry(rollout=25))), "paper", DIGEST)
    assert (run.since, run.until, run.entry.rollout) == (T0, None, 25)


def test_a_comment_is_no_entry() -> None:
    view = MemoryView()
    bare = f"schema: bot-core/environment/v1\nenvironment: paper\n# soon {MODEL} {DIGEST}\n# model: {MODEL}\nmaintenance: false\n"
    view.put(layout.environment("paper"), bare.encode(), T0)
    put_environment(view, OLD, since=T0 + 5 * DAY)
    view.put(layout.environment("paper"), bare.encode(), T0 + 6 * DAY)
    assert [(run.since, run.until) for run in runs(view, "paper", DIGEST)] == [(T0 + 5 * DAY, T0 + 6 * DAY)]
    assert first_activation(view, "paper", OLD, T0 + 5 * DAY)


def test_an_ordinary_entry_is_judged_when_it_came() -> None:
    found = stand(history((0, OLD), (2, NEW)), NEW)
    assert (found.since, found.judged, found.returned, found.before) == (T0 + 2 * DAY, T0 + 2 * DAY, None, OLD)


def test_a_return_to_the_fallback_is_judged_as_it_was() -> None:
    found = stand(history((0, OLD), (2, NEW), (5, OLD)), OLD)
    assert (found.since, found.judged, found.before) == (T0 + 5 * DAY, T0, NEW)
    assert found.returned is not None


def test_a_return_that_is_too_late_is_an_ordinary_entry() -> None:
    view = history((0, OLD), (2, NEW), (13, OLD))
    assert stand(view, OLD, within_days=10).returned is None
    assert stand(view, OLD, within_days=11).returned is not None


def test_elsewhere_than_the_fallback_a_signed_order_leads() -> None:
    view = history((0, OLD), (2, NEW), (4, THIRD), (5, OLD))
    assert stand(view, OLD).returned is None
    order = Rollback(
        schema="bot-core/rollback/v1",
        repository=REPOSITORY,
        environment="paper",
        model=MODEL,
        id="back",
        from_version=THIRD.version,
        to_version=OLD.version,
        to_release=OLD.release,
        signer="fay",
        issued=T0 + 5 * DAY,
        reason="It drifts.",
    )
    sign(view, f"{layout.rollbacks('paper', MODEL)}/back.yaml", order, layout.ROLLBACK, "fay", since=T0 + 5 * DAY)
    assert stand(view, OLD).returned is not None
    assert stand(view, OLD, approvals_any=2).returned is None


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ([(0, OLD)], ""),
        ([(0, OLD), (7, None)], ""),
        ([(0, OLD), (3, None), (4, OLD)], f"expected {MODEL} {VERSION} active there for 7 days, got 6 days"),
        ([(5, OLD)], f"expected {MODEL} {VERSION} active there for 7 days, got 5 days"),
        ([(0, NEW)], f"expected {MODEL} {VERSION} active there for 7 days first, got never"),
        ([(11, OLD)], f"expected {MODEL} {VERSION} active there for 7 days first, got never"),
    ],
)
def test_days_elsewhere_are_counted_without_a_break(states: list[tuple[int, Entry | None]], sentence: str) -> None:
    found = list(was_before(history(*states), After(environment="paper", days=7), OLD, T0 + 10 * DAY))
    assert [reason.message for reason in found] == ([f"compliance/environments/paper.yaml: {sentence}"] if sentence else [])


def test_a_first_activation_is_a_models_and_not_a_releases() -> None:
    view = history((0, OLD), (2, NEW), (3, None), (9, NEW))
    assert first_activation(view, "paper", OLD, T0)
    assert not first_activation(view, "paper", NEW, T0 + 2 * DAY)
    assert not first_activation(view, "paper", NEW, T0 + 9 * DAY)
    assert first_activation(view, "production", NEW, T0 + 9 * DAY)


# --- signed answers -------------------------------------------------------------------------------------------------------------------


def answer(view: MemoryView, signer: str, role: str, at: int = 0, **changed: object) -> None:
    facts = {
        "schema": "bot-core/review/v1",
        "repository": REPOSITORY,
        "kind": "minutes",
        "id": f"paper.{MODEL}",
        "path": layout.MINUTES,
        "digest": sha256(b"We agreed."),
        "role": role,
        "signer": signer,
        "decision": "approve",
        "issued": T0 + dt.timedelta(hours=at),
        **changed,
    }
    document = make(Review, facts)
    path = f"{layout.reviews('minutes', f'paper.{MODEL}')}/{role}.{signer}.{layout.stamp(document.issued)}.yaml"
    sign(view, path, document, layout.REVIEW, signer)


def owed(view: MemoryView, author: str = "eve") -> list[str]:
    asked = rules(go_live=GoLive(minutes=["risk", "data"]))
    return [reason.message for reason in minutes_missing(view, asked, OLD, T0, frozenset({author}), CREW, verify)]


def test_minutes_are_signed_by_every_role_as_they_stood() -> None:
    view = MemoryView()
    view.put(layout.MINUTES, b"We agreed.", T0 - DAY)
    sentence = f"{layout.MINUTES}: expected the minutes of {MODEL}'s go-live signed by {{}}, got no such signature"
    assert owed(view) == [sentence.format("risk"), sentence.format("data")]
    answer(view, "ann", "risk")
    answer(view, "fay", "data", decision="dismiss")
    assert owed(view) == [sentence.format("data")]
    answer(view, "fay", "data", at=1)
    assert owed(view) == []
    answer(view, "ann", "risk", at=1, decision="dismiss")
    assert owed(view) == [sentence.format("risk")]
    view.put(layout.MINUTES, b"We agreed otherwise.", T0)
    assert len(owed(view)) == 2


def test_minutes_are_signed_by_different_people_and_by_no_author() -> None:
    view = MemoryView()
    view.put(layout.MINUTES, b"We agreed.", T0 - DAY)
    answer(view, "fay", "risk")
    answer(view, "fay", "data")
    assert len(owed(view)) == 1
    answer(view, "ann", "risk")
    assert owed(view) == []
    assert len(owed(view, author="fay")) == 1


def test_answers_are_of_people_in_the_role_and_newest_last() -> None:
    view = MemoryView()
    answer(view, "fay", "risk", at=2)
    answer(view, "ann", "risk", at=1)
    answer(view, "ben", "risk")
    answer(view, "fay", "data", repository="quant/other")
    found = reviews(view, "minutes", f"paper.{MODEL}", CREW)
    assert [signed.document.signer for signed in found] == ["ann", "fay"]
    assert spell(found[0].document) == view.read(found[0].path)
