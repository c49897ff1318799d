"""Laws of the judge: fewer approvals never allow more, what is elsewhere changes nothing, the same view answers the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot_core.governance import layout
from bot_core.governance.decide import Decision, decide
from bot_core.governance.desk import Desk
from bot_core.governance.promotion import desired
from bot_core.governance.quorum import missing
from bot_core.governance.reasons import Verdict
from tests.world import MODEL, WEEK, World, build

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot_core.documents.policy import Policy
    from bot_core.governance.snapshot import Version, View

ROLES = ("compliance", "data", "platform", "risk")
PEOPLE = ("ann", "ben", "cid", "dora")


@dataclass(frozen=True)
class Without:
    """A view that does not show some files."""

    view: View
    gone: frozenset[str]

    def read(self, path: str) -> bytes | None:
        """Return a file, unless it is gone."""
        return None if path in self.gone else self.view.read(path)

    def names(self, folder: str) -> list[str]:
        """List a folder, less what is gone."""
        return [name for name in self.view.names(folder) if f"{folder}/{name}" not in self.gone]

    def folders(self, folder: str) -> list[str]:
        """Ask the whole view."""
        return self.view.folders(folder)

    def since(self, path: str) -> dt.datetime:
        """Ask the whole view."""
        return self.view.since(path)

    def expect(self, paths: Iterable[str]) -> None:
        """Ask the whole view."""
        self.view.expect(paths)

    def versions(self, path: str) -> Iterator[Version]:
        """Ask the whole view."""
        return self.view.versions(path)

    def at(self, path: str, time: dt.datetime) -> bytes | None:
        """Ask the whole view."""
        return self.view.at(path, time)

    def past(self, folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """Ask the whole view."""
        return self.view.past(folder, suffix)


@dataclass(frozen=True)
class Case:
    """A proposal signed by everybody and once more by fay, as seen at the merge."""

    desk: World
    view: View
    policy: Policy
    now: dt.datetime

    def judge(self, gone: Iterable[str] = ()) -> Decision:
        """Judge what is left."""
        (decision,) = decide(Without(self.view, frozenset(gone)), "production", self.policy, self.now)
        return decision

    @property
    def words(self) -> list[str]:
        """The release's sign-offs."""
        return [f"{self.desk.signoffs}/{name}" for name in self.view.names(self.desk.signoffs) if name.endswith(".yaml")]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    world = build(tmp_path_factory.mktemp("decide"), "ready")
    world.sign_off("risk", "fay", "--answer", "C7=pass", subject=(MODEL, world.version))
    world.sign_off("data", "fay", "--answer", "C6=pass", subject=(MODEL, world.version))
    world.merge(world.git("rev-parse", "--abbrev-ref", "HEAD"), after=WEEK)
    desk = Desk(world.path, world.t0 + WEEK + dt.timedelta(hours=1))
    return Case(world, desk.view, desk.policy, desk.now)


def test_taking_approvals_away_never_allows_more(case: Case) -> None:
    words = case.words
    assert len(words) == 6
    allowed = {
        frozenset(gone): case.judge(gone).verdict == Verdict.ALLOW
        for size in range(len(words) + 1)
        for gone in combinations(words, size)
    }
    assert allowed[frozenset()]
    for gone, yes in allowed.items():
        assert not yes or all(allowed[gone - {word}] for word in gone), gone
        for role in ROLES:
            left = [word for word in words if f"release.{role}." in word and word not in gone]
            assert left or not yes, f"{role} is missing, and yet: {gone}"


@pytest.mark.parametrize("role", ROLES)
def test_without_a_role_nothing_is_allowed_and_the_role_is_named(case: Case, role: str) -> None:
    decision = case.judge(word for word in case.words if f"release.{role}." in word)
    assert {reason.code for reason in decision.reasons} == {"ROLE-MISSING"}
    assert {row.role for row in decision.roles if row.state == "missing"} == {role}


def test_taking_any_other_evidence_away_never_allows(case: Case) -> None:
    release, artifact = layout.manifest(MODEL, case.desk.version), layout.artifact(MODEL, case.desk.version)
    reports = [f"audit/ai_decision/{kind}/{case.desk.version}.json" for kind in ("walk_forward", "data_quality", "drift")]
    domain = next(entry.domain for entry in desired(case.view, "production").models)
    for path in (release, release + layout.SIG, artifact, domain, *reports):
        assert case.judge([path]).verdict != Verdict.ALLOW, path


def test_judging_twice_answers_the_same(case: Case) -> None:
    assert case.judge() == case.judge()
    fresh = Desk(case.desk.path, case.now)
    assert decide(fresh.view, "production", case.policy, case.now) == [case.judge()]


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["docs/x.md", "src/a.py", "README", "conf/b.yaml", "data/c d.csv"]), st.binary(max_size=50))
def test_a_file_elsewhere_changes_nothing(case: Case, path: str, data: bytes) -> None:
    desk = case.desk
    desk.git("switch", "-q", "-C", "elsewhere", "main")
    desk.put(path, data)
    desk.git("add", "-A", "-f")
    desk.git("commit", "-q", "--allow-empty", "-m", "elsewhere")
    there = Desk(desk.path, case.now)
    assert decide(there.view, "production", case.policy, case.now) == [case.judge()]


def test_promoting_what_stands_there_is_no_change(case: Case) -> None:
    desk = case.desk
    desk.git("switch", "-q", "main")
    before = desk.git("rev-parse", "HEAD")
    code, out, err = desk.run("promote", MODEL, desk.version, "--env", "production")
    assert (code, out) == (20, "")
    assert "which stands there already" in err
    assert (desk.git("rev-parse", "HEAD"), desk.git("branch", "--show-current")) == (before, "main")


def fewest(places: Sequence[str], signed: Mapping[str, set[str]], seated: frozenset[str] = frozenset()) -> int:
    """Try every assignment of people to places; return how many places stay empty at best."""
    if not places:
        return 0
    free = signed.get(places[0], set()) - seated
    return min([1 + fewest(places[1:], signed, seated), *(fewest(places[1:], signed, seated | {who}) for who in free)])


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(ROLES[:3]), st.integers(1, 2), max_size=3),
    st.dictionaries(st.sampled_from(ROLES), st.sets(st.sampled_from(PEOPLE))),
)
def test_a_quorum_lacks_as_few_as_the_best_assignment_leaves(asked: dict[str, int], signed: dict[str, set[str]]) -> None:
    lacking = missing(asked, signed, distinct=True)
    assert all(0 < count <= asked[role] for role, count in lacking.items())
    assert sum(lacking.values()) == fewest([role for role, count in asked.items() for _ in range(count)], signed)
    assert fewest([role for role, count in asked.items() for _ in range(count - lacking.get(role, 0))], signed) == 0


@given(
    st.dictionaries(st.sampled_from(ROLES), st.integers(1, 3)),
    st.dictionaries(st.sampled_from(ROLES), st.sets(st.sampled_from(PEOPLE))),
    st.sampled_from(ROLES),
    st.sampled_from(PEOPLE),
    st.booleans(),
)
def test_one_word_more_never_lacks_more(
    asked: dict[str, int],
    signed: dict[str, set[str]],
    role: str,
    who: str,
    distinct: bool,  # noqa: FBT001  # as drawn
) -> None:
    more = {**signed, role: signed.get(role, set()) | {who}}
    before, after = missing(asked, signed, distinct=distinct), missing(asked, more, distinct=distinct)
    assert 0 <= sum(before.values()) - sum(after.values()) <= 1
