"""A desk with a past: so many releases, each signed into paper and nine days later into production, five commits each.

Every third day one of three models has a release: committed to main; a branch with the paper entry and its sign-off, merged; a branch
with the production entry of the release of nine days before, what paper shows of it and its four sign-offs, merged. Every ninety days
the domain's limits are signed anew. Three proposals wait at the end: `routine` (the next release of a model that stands in production),
`golive` (a model's first day there: domain and minutes signed as well), `paper` (a new release, its sign-off and its entry in one pull
request).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.gate_sides import papers
from benchmarks.gate_sides.stream import Stream
from bot_core._digest import sha256
from bot_core.documents.environment import Entry
from bot_core.documents.signoff import Subject
from bot_core.governance import layout

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.gate_sides.papers import Files

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
STEP, HOUR = dt.timedelta(days=3), dt.timedelta(hours=1)
LAG = len(papers.ROTATION)
RENEWAL = 30
PROPOSALS = ("routine", "golive", "paper")


@dataclass(frozen=True, slots=True)
class Release:
    """What of a release an entry and its sign-offs name."""

    model: str
    version: str
    digest: str

    @property
    def subject(self) -> Subject:
        """What is signed."""
        return Subject(kind="release", name=self.model, version=self.version, digest=self.digest)


@dataclass
class Desk:
    """What stands where, while history is written."""

    count: int
    stream: Stream = field(default_factory=Stream)
    tip: int = 0
    releases: list[Release] = field(default_factory=list)
    standing: dict[str, dict[str, Entry]] = field(default_factory=lambda: {"paper": {}, "production": {}})

    def time(self, index: int) -> dt.datetime:
        """When the release of an index comes; the one after the last is now."""
        return NOW - (self.count - index) * STEP

    def model(self, index: int) -> str:
        """Whose turn it is; the newcomer comes once, near the end."""
        return papers.NEWCOMER if index == self.count - LAG - 1 else papers.ROTATION[index % LAG]

    def release(self, index: int, time: dt.datetime) -> tuple[Release, Files]:
        """Make the release of an index."""
        version, files = papers.release(self.model(index), time)
        return Release(self.model(index), version, sha256(files[layout.manifest(self.model(index), version)])), files

    def promoted(self, env: str, release: Release) -> dict[str, Entry]:
        """Return an environment's entries with a release in its place."""
        before = self.standing[env].get(release.model)
        entry = Entry(
            model=release.model,
            version=release.version,
            release=release.digest,
            domain=papers.DOMAIN_FILE,
            rollout=100 if env == "paper" else 0,
            fallback=before.version if before else "rules",
        )
        return self.standing[env] | {release.model: entry}

    def promotion(self, env: str, release: Release, issued: dt.datetime) -> Files:
        """Write a promotion, signed; a model's first day in production with its minutes."""
        roles = ("risk",) if env == "paper" else tuple(papers.SIGNERS)
        first = env == "production" and release.model not in self.standing[env]
        minutes = papers.minutes_reviews(release.model, issued) if first else {}
        shown = papers.extracts(release.model, release.version, issued - 2 * HOUR) if env == "production" else {}
        entries = papers.environment(env, self.promoted(env, release))
        return entries | papers.signoffs(env, release.subject, roles, issued) | minutes | shown

    def merge(self, env: str, release: Release, time: dt.datetime, more: Files) -> None:
        """Put a promotion on a branch and merge it."""
        files = self.promotion(env, release, time - HOUR) | more
        branch = self.stream.commit(f"promote/{env}", time - HOUR / 2, f"Promote {release.version}", files, after=self.tip)
        self.tip = self.stream.commit("main", time, f"Merge {release.version} into {env}", files, branch, after=self.tip)
        self.standing[env] = self.promoted(env, release)


def build(path: Path, count: int) -> int:
    """Make a repository with `count` releases and three open proposals; return how many commits main has."""
    desk = Desk(count)
    start = desk.time(0) - STEP
    desk.tip = desk.stream.commit("main", start, "Start", papers.founding(start))
    for index in range(count):
        _step(desk, index)
    commits = desk.tip
    _propose(desk)
    desk.stream.into(path)
    return commits


def _step(desk: Desk, index: int) -> None:
    """Release one model into paper, and the release of nine days before into production."""
    time = desk.time(index)
    release, files = desk.release(index, time)
    desk.releases.append(release)
    desk.tip = desk.stream.commit("main", time, f"Release {release.version}", files, after=desk.tip)
    renewed = index == 0 or (desk.count - index) % RENEWAL == 0
    more = papers.domain_signoffs("production", time + HOUR) if renewed else {}
    desk.merge("paper", release, time + 2 * HOUR, more)
    due = desk.releases[index - LAG] if index >= LAG else None
    if due is not None and due.model != papers.NEWCOMER:
        desk.merge("production", due, time + 4 * HOUR, {})


def _propose(desk: Desk) -> None:
    """Open the three proposals."""
    signed, merged = NOW - 2 * HOUR, NOW - HOUR
    newest = {release.model: release for release in desk.releases}
    domain = papers.domain_signoffs("production", signed)
    release, files = desk.release(desk.count, signed - HOUR)
    proposals = {
        "routine": desk.promotion("production", desk.releases[-LAG], signed),
        "golive": desk.promotion("production", newest[papers.NEWCOMER], signed) | domain,
        "paper": files | desk.promotion("paper", release, signed),
    }
    for name, changed in proposals.items():
        desk.stream.commit(name, merged, f"Propose {name}", changed, after=desk.tip)
