from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core._digest import sha256
from bot_core.documents.policy import ReportRule
from bot_core.governance import layout
from bot_core.governance.crew import Crew
from bot_core.governance.evidence import Release, judge_reports, load, read_reports, require_artifact
from bot_core.governance.operation import Running
from bot_core.governance.reasons import Refused
from tests.evidence import extracts
from tests.memory_view import DAY, MODEL, T0, MemoryView, policy, put_release, rules

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.governance.operation import Extract


class Case:
    """A release in a view."""

    def __init__(self, folder: Path, **evidence: object) -> None:
        self.view = MemoryView()
        self.version, self.digest = put_release(self.view, folder, **evidence)
        self.artifact = layout.artifact(MODEL, self.version)

    def release(self) -> Release:
        """Read it, as an entry would."""
        manifest = load(self.view, MODEL, self.version, self.digest, Crew(policy()))
        return Release(manifest, read_reports(self.view, manifest.document)[0])

    def report(self, kind: str) -> str:
        """Name one of its reports."""
        return f"audit/ai_decision/{kind}/{self.version}.json"

    def refused(self, **changed: object) -> str:
        """Return why the artifact does not count."""
        with pytest.raises(Refused) as caught:
            require_artifact(self.view, self.release().manifest.document, policy(**changed))
        return f"{caught.value.code}: {caught.value.message}"

    def judged(self, *asked: ReportRule, days: int = 0) -> list[str]:
        """Return which rules the reports do not meet, so many days on."""
        found = judge_reports(self.view, self.release(), rules(reports=list(asked)), T0 + days * DAY)
        return [f"{reason.code}: {reason.message.partition(': ')[2]}" for reason in found]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_whole_release_is_proven(case: Case) -> None:
    release = case.release()
    require_artifact(case.view, release.manifest.document, policy())
    assert release.authors == {"eve"}
    own = dict.fromkeys(("release_complete", "walk_forward_beats_baseline", "reports_ok", "drift_ok"), True)
    assert release.machine() == own | {"scheduler_current": False, "loop_produced": False}


def test_the_machine_says_what_a_running_environment_shows(case: Case) -> None:
    scheduler, journal = extracts(MODEL, case.version, T0)
    found: dict[str, tuple[str, Extract]] = {"scheduler": ("a.json", scheduler)}
    found["journal"] = ("b.json", replace(journal, is_ready=False))
    shown = case.release().machine(Running("paper", "audit", found, (), "publish"))
    assert (shown["scheduler_current"], shown["loop_produced"]) == (True, False)


def test_a_manifest_is_the_one_that_was_named(case: Case) -> None:
    other = sha256(b"other")
    with pytest.raises(Refused) as caught:
        load(case.view, MODEL, case.version, other, Crew(policy()))
    assert caught.value.message.endswith(f"expected {other}, as the entry and its sign-offs say, got {case.digest}")
    with pytest.raises(Refused) as caught:
        load(case.view, "other", case.version, case.digest, Crew(policy()))
    assert caught.value.message.endswith("got no file")


def test_a_manifest_of_another_model_is_refused_under_this_name(case: Case) -> None:
    for end in ("", ".sig"):
        case.view.put(layout.manifest("other", case.version) + end, case.view.read(layout.manifest(MODEL, case.version) + end))
    with pytest.raises(Refused) as caught:
        load(case.view, "other", case.version, case.digest, Crew(policy()))
    assert f"expected a manifest of other {case.version}, got one of {MODEL} {case.version}" in caught.value.message


def test_the_artifact_must_be_there_whole_and_of_an_allowed_format(case: Case) -> None:
    assert case.refused(formats=["onnx"]) == f"FORMAT: {case.artifact}: expected one of the formats onnx, got linear-json"
    data = case.view.read(case.artifact) or b""
    case.view.put(case.artifact, data + b"\n")
    assert case.refused().startswith(f"REL-DIGEST: {case.artifact}: expected {len(data)} bytes, sha256:")
    case.view.put(case.artifact, None)
    assert case.refused().endswith("got no file")


def test_a_report_is_the_one_that_was_signed(case: Case) -> None:
    document = case.release().manifest.document
    case.view.put(case.report("drift"), b"{}")
    case.view.put(case.report("data_quality"), None)
    reports, wrong = read_reports(case.view, document)
    assert set(reports) == {"walk_forward"}
    assert {reason.code: reason.path for reason in wrong} == {
        "REL-DIGEST": case.report("drift"),
        "RPT-MISSING": case.report("data_quality"),
    }


def test_the_machine_says_what_the_reports_show(tmp_path: Path) -> None:
    machine = Case(tmp_path, beats=False, drift="critical").release().machine()
    assert (machine["walk_forward_beats_baseline"], machine["drift_ok"], machine["reports_ok"]) == (False, False, False)
    assert machine["release_complete"]


def test_paper_asks_for_reports_and_not_for_success(tmp_path: Path) -> None:
    case = Case(tmp_path, beats=False)
    assert case.judged(ReportRule(kind="walk_forward"), ReportRule(kind="data_quality")) == []
    assert case.judged(ReportRule(kind="walk_forward", beats_baseline=True)) == [
        (
            "RPT-FAILED: expected out-of-sample absolute loss below the best naive baseline's at p < 0.05, "
            "got -20.0% against last_sign, p = 0.99"
        )
    ]


def test_a_critical_report_is_refused(tmp_path: Path) -> None:
    case = Case(tmp_path, quality="critical")
    assert case.judged(ReportRule(kind="data_quality")) == ["RPT-FAILED: expected a status better than critical, got critical"]


def test_a_report_grows_old_from_its_own_time(case: Case) -> None:
    rule = ReportRule(kind="walk_forward", max_age_days=30)
    assert case.judged(rule, days=29) == []
    assert case.judged(rule, days=30) == ["RPT-STALE: expected at most 30 days old, got 31 days"]


def test_the_lead_runs_from_the_commit_that_brought_the_report(case: Case) -> None:
    rule = ReportRule(kind="drift", min_lead_days=7)
    assert case.judged(rule, days=7) == []
    assert case.judged(rule, days=6) == ["RPT-LEAD: expected on the protected branch 7 days before, got 6 days"]
