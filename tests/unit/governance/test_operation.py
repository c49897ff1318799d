from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._parse import encode_json
from bot_core.documents.policy import After, PublicKey, Service
from bot_core.governance import layout
from bot_core.governance.crew import Crew
from bot_core.governance.operation import FOLDER, Gap, newest_first, path_of, read_extract, read_of, require_reporter, running
from bot_core.governance.reasons import Refused
from tests.evidence import extracts
from tests.memory_view import (
    DAY,
    DIGEST,
    MODEL,
    T0,
    VERSION,
    MemoryView,
    device,
    entry,
    make,
    manifest_of,
    person,
    policy,
    put_environment,
    rules,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot_core.documents.operation import JournalExtract, SchedulerExtract
    from bot_core.documents.policy import EnvironmentPolicy
    from bot_core.governance.operation import Running

    Extract = SchedulerExtract | JournalExtract

WEEK = 7 * DAY
PRODUCTION = rules("production", after=After(environment="paper", days=7))
HOUR = dt.timedelta(hours=1)


def crew(may: Sequence[str] = ("report",)) -> Crew:
    key = PublicKey(public=device("box").public, valid_from=T0 - DAY)
    services = [make(Service, {"name": "runtime-1", "may": list(may), "keys": [key]})]
    return Crew(policy(person("ann", "root", "risk"), person("eve"), services=services))


def put(view: MemoryView, extract: Extract, *, by: str = "box", since: dt.datetime = T0 + WEEK, at: str = "") -> str:
    """Publish an extract, as it came with a pull request."""
    path, data = at or path_of(extract), encode_json(extract)
    view.put(path, data, since)
    view.put(path + layout.SIG, device(by).sign(data, layout.REPORT.namespace), since)
    return path


def extract(kind: str = "journal", at: dt.datetime = T0 + DAY) -> Extract:
    scheduler, journal = extracts(MODEL, VERSION, at)
    return scheduler if kind == "scheduler" else journal


@pytest.fixture
def view() -> MemoryView:
    """A release in paper since T0."""
    found = MemoryView()
    put_environment(found, entry())
    return found


def find(view: MemoryView, rule: EnvironmentPolicy = PRODUCTION, at: dt.datetime = T0 + WEEK) -> Running:
    return running(view, rule, manifest_of(), crew(), at)


def gap(found: Running, question: str = "loop_produced") -> Gap:
    said = found.gap(question)
    assert said is not None
    assert not found.says(question)
    return said


# --- which extract counts ---------------------------------------------------------------------------------------------------------------


def test_two_sound_extracts_of_paper_answer_both_questions(view: MemoryView) -> None:
    paths = {put(view, each) for each in (extract("scheduler"), extract())}
    found = find(view)
    assert {path for path, _ in found.found.values()} == paths
    assert (found.says("scheduler_current"), found.says("loop_produced"), found.notes) == (True, True, ())


def test_what_is_not_there_is_outstanding_with_the_command_that_supplies_it(view: MemoryView) -> None:
    put(view, extract())
    publish = "bot-core audit publish --env paper --journal FILE --key KEY --signer SERVICE"
    assert gap(find(view), "scheduler_current") == Gap(
        "RPT-MISSING",
        f"{FOLDER}/paper/{VERSION}",
        "no scheduler extract of paper that counts",
        f"{publish}; then bot-core promote {MODEL} {VERSION} --env production",
    )


def test_an_environment_with_nothing_before_it_is_asked_about_itself(view: MemoryView) -> None:
    put(view, extract())
    said = gap(find(view, rules("production")))
    assert said.path == f"{FOLDER}/production/{VERSION}"
    assert said.hint == "bot-core policy propose what comes before production (after), or a checklist without the item"
    assert find(view, rules("paper")).says("loop_produced")


def test_of_several_the_newest_sound_one_counts(view: MemoryView) -> None:
    put(view, extract())
    newest = put(view, extract(at=T0 + 2 * DAY))
    assert find(view).found["journal"][0] == newest
    bad = put(view, extract(at=T0 + 3 * DAY), by="ann")
    found = find(view)
    assert (found.found["journal"][0], [note.path for note in found.notes]) == (newest, [bad])


def test_what_came_later_than_the_time_that_counts_is_not_looked_at(view: MemoryView) -> None:
    put(view, extract(), since=T0 + WEEK + HOUR)
    found = find(view)
    assert (gap(found).code, found.notes) == ("RPT-MISSING", ())
    assert find(view, at=T0 + WEEK + HOUR).says("loop_produced")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first": -2 * DAY}, "expected the time that"),
        ({"last": -HOUR}, "published: expected from"),
        ({"last": HOUR}, "published: expected from"),
        ({"last": 4 * dt.timedelta(minutes=1)}, ""),
    ],
    ids=str,
)
def test_decisions_are_of_the_stay_and_not_to_come(view: MemoryView, changes: dict[str, dt.timedelta], sentence: str) -> None:
    good = extract()
    put(view, replace(good, **{name: good.published + by for name, by in changes.items()}))
    found = find(view)
    assert [sentence in note.message for note in found.notes] == ([True] if sentence else [])
    assert found.says("loop_produced") == (not sentence)


def test_an_extract_of_an_earlier_stay_counts_and_of_the_time_between_does_not(view: MemoryView) -> None:
    put_environment(view, since=T0 + 2 * DAY)
    put_environment(view, entry(), since=T0 + 5 * DAY)
    put(view, extract(at=T0 + 3 * DAY))
    assert gap(find(view)).code == "RPT-MISSING"
    put(view, extract(at=T0 + DAY))
    assert find(view).says("loop_produced")


def test_a_release_that_was_never_there_shows_nothing() -> None:
    view = MemoryView()
    put_environment(view, entry(release=DIGEST.replace("a", "b")))
    put(view, extract())
    (note,) = find(view).notes
    assert (note.code, "later or never" in note.message) == ("RPT-STALE", True)


# --- what it shows ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"is_ready": False}, "not ready, 3 candidates"),
        ({"candidates": 0}, "ready, 0 candidates"),
        ({"decisions": 0}, ""),
    ],
)
def test_a_loop_must_be_ready_and_have_produced_something(view: MemoryView, changes: dict[str, object], got: str) -> None:
    path = put(view, make(partial(replace, extract()), changes))
    if not got:
        assert find(view).says("loop_produced")
        return
    said = gap(find(view))
    assert (said.code, said.path, said.got) == ("CHECK-FAILED", path, f"{got} in {path}")


@pytest.mark.parametrize(
    ("name", "hours", "current"),
    [("next_run", 0, False), ("next_run", 1, True), ("last_run", 1, False), ("last_run", 0.01, True), ("last_run", 0, True)],
)
def test_a_scheduler_ran_and_will_run(view: MemoryView, name: str, hours: float, current: bool) -> None:  # noqa: FBT001  # as listed
    good = extract("scheduler")
    put(view, replace(good, **{name: good.published + hours * HOUR}))
    assert find(view).says("scheduler_current") == current


# --- one extract ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "by", "code"),
    [
        ({"signer": "ann"}, "ann", "SIGNOFF-CONTEXT"),
        ({}, "ann", "SIG-UNKNOWN-KEY"),
        ({"repository": "quant/other"}, "box", "SIGNOFF-CONTEXT"),
        ({"version": "20200101T000000Z-0a1b2c3d"}, "box", "SIGNOFF-CONTEXT"),
        ({"environment": "production"}, "box", "SIGNOFF-CONTEXT"),
        ({"published": T0 + 2 * DAY}, "box", "SIGNOFF-CONTEXT"),
        ({"model": "other"}, "box", "SIGNOFF-CONTEXT"),
    ],
    ids=str,
)
def test_an_extract_is_a_service_s_and_lies_where_its_content_belongs(
    view: MemoryView, changes: dict[str, object], by: str, code: str
) -> None:
    path = put(view, make(partial(replace, extract()), changes), by=by, at=path_of(extract()))
    with pytest.raises(Refused) as caught:
        read_of(view, path, MODEL, crew())
    assert caught.value.code == code


def test_a_service_that_may_publish_heads_alone_publishes_no_extract(view: MemoryView) -> None:
    path = put(view, extract())
    assert read_extract(view, path, crew()) == extract()
    with pytest.raises(Refused, match="expected a service that may publish reports, got runtime-1"):
        read_extract(view, path, crew(["head"]))


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [("journal.x.json", b"{}", "CANON"), ("journal.x.json", b"\xff", "CANON"), ("other.x.json", b"{}", "PATH")],
)
def test_what_is_no_extract_is_said(view: MemoryView, name: str, data: bytes, code: str) -> None:
    view.put(f"{FOLDER}/paper/{VERSION}/{name}", data)
    with pytest.raises(Refused) as caught:
        read_extract(view, f"{FOLDER}/paper/{VERSION}/{name}", crew())
    assert caught.value.code == code


def test_extracts_are_listed_newest_first_by_kind(view: MemoryView) -> None:
    paths = [put(view, extract("scheduler", T0 + day * DAY)) for day in range(3)]
    assert newest_first(view, f"{FOLDER}/paper/{VERSION}") == {"scheduler": paths[::-1]}
    assert newest_first(view, f"{FOLDER}/production/{VERSION}") == {}


def test_a_name_is_in_utc_whatever_zone_the_time_is_in() -> None:
    east = (T0 + DAY).astimezone(dt.timezone(2 * HOUR))
    assert (
        path_of(replace(extract(), published=east))
        == path_of(extract())
        == f"{FOLDER}/paper/{VERSION}/journal.20261122T100000Z.json"
    )


# --- a later report ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "may", "code"),
    [
        ("box", "report", ""),
        ("ann", "report", ""),
        ("box", "head", "SIGNOFF-CONTEXT"),
        ("eve", "report", "SIGNOFF-CONTEXT"),
        ("zoe", "report", "SIG-UNKNOWN-KEY"),
    ],
)
def test_a_later_report_is_signed_by_a_service_or_by_somebody_in_a_role(view: MemoryView, by: str, may: str, code: str) -> None:
    path = f"audit/ai_decision/drift/{VERSION}.20261122T100000Z.json"
    view.put(path, b"{}")
    view.put(path + layout.SIG, device(by).sign(b"{}", layout.REPORT.namespace))
    if not code:
        require_reporter(view, path, crew([may]))
        return
    with pytest.raises(Refused) as caught:
        require_reporter(view, path, crew([may]))
    assert caught.value.code == code
