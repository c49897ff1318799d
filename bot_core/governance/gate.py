"""The gate: may this pull request be merged? It judges the result of the merge by the policy of the branch that it merges into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.documents.environment import Environment
from bot_core.governance import chain, changes, layout, sshsig
from bot_core.governance.added import judge_added
from bot_core.governance.decide import Decision, decide
from bot_core.governance.reading import parse
from bot_core.governance.reasons import Reason, Refused, Verdict, worst
from bot_core.governance.snapshot import Snapshot

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from bot_core.documents.policy import Policy
    from bot_core.governance.git import Change, Git
    from bot_core.governance.reading import Verify


_IN_ENVIRONMENT = len(("compliance", "halts", "<environment>"))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate found: reasons against the merge, the decisions it rests on, and those that it only shows."""

    base: str
    head: str
    reasons: tuple[Reason, ...]
    decisions: tuple[Decision, ...]
    shown: tuple[Decision, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all reasons."""
        return worst([*self.reasons, *(reason for decision in self.decisions for reason in decision.reasons)])


def gate(git: Git, base: str, head: str, now: dt.datetime, verify: Verify = sshsig.verify) -> Judgement:
    """Judge the merge of `head` into `base`.

    Raises:
        GitError: no such commits, a history that was cut off, or a conflict.
    """
    tip, proposal = git.resolve(base), git.resolve(head)
    base_tree, tree = git.tree(tip), git.merged(tip, proposal)
    proposed = git.changes(base_tree, tree)
    view = Snapshot(git, tip, tree, now, frozenset(change.path for change in proposed))
    found = tuple(dict.fromkeys(changes.judge(proposed)))
    policy, problem = _trusted(git, base_tree)
    if policy is None:
        return Judgement(tip, proposal, (*found, *problem, *changes.first_policy(view, verify)), ())
    reasons = [
        *found,
        *changes.collisions(view, proposed),
        *changes.judge_policy(view, base_tree, proposed, verify),
        *judge_added(view, policy, proposed, verify),
        *_in_passing(view, base_tree, proposal),
    ]
    decisions, shown, wrong = _decisions(view, base_tree, policy, proposed, verify)
    return Judgement(tip, proposal, tuple(dict.fromkeys([*reasons, *wrong])), decisions, shown)


def _trusted(git: Git, base_tree: str) -> tuple[Policy | None, tuple[Reason, ...]]:
    """Read the policy of the protected branch: never the pull request's."""
    data = git.blob(base_tree, layout.POLICY)
    if data is None:
        message = f"{layout.POLICY}: expected a policy on the protected branch, got none"
        return None, (Reason("POLICY-MISSING", layout.POLICY, message, "bot-core policy init --root NAME=KEY.pub …"),)
    try:
        return chain.load_policy(data), ()
    except Refused as problem:
        return None, (problem.reason,)


def _decisions(
    view: Snapshot, base_tree: str, policy: Policy, proposed: Sequence[Change], verify: Verify
) -> tuple[tuple[Decision, ...], tuple[Decision, ...], list[Reason]]:
    decisions: list[Decision] = []
    shown: list[Decision] = []
    wrong: list[Reason] = []
    for environment in _environments(proposed):
        try:
            must, touched = _models(view, base_tree, environment, proposed)
            for decision in decide(view, environment, policy, view.now, models=must | touched, verify=verify):
                (decisions if decision.model in must else shown).append(decision)
        except Refused as problem:
            wrong.append(problem.reason)
    return tuple(decisions), tuple(shown), wrong


def _in_passing(view: Snapshot, base_tree: str, proposal: str) -> Iterator[Reason]:
    """Say which entries a commit on the way holds and the result does not: merged by fast-forward, they would count as having stood."""
    for path in _touched(view, proposal):
        final = _releases(view.read(path))
        kept = {*(_releases(view.git.blob(base_tree, path)) or ()), *(final or ())}
        for commit in () if final is None else view.git.text("rev-list", f"{view.tip}..{proposal}", "--", path).split():
            if passing := (_releases(view.git.blob(commit, path)) or set()) - kept:
                message = f"{path}: expected no entry on the way that the result does not hold, got {min(passing)} in {commit[:12]}"
                yield Reason("ANCESTRY", path, message, "git rebase -i, and leave that commit out")


def _touched(view: Snapshot, proposal: str) -> list[str]:
    """List the environments' files that any commit of the proposal changes."""
    names = view.git.text("log", "--format=", "--name-only", "-m", "-z", f"{view.tip}..{proposal}", "--", "compliance/environments")
    return sorted({name.strip() for name in names.split("\0") if layout.classify(name.strip()) == "environment"})


def _releases(data: bytes | None) -> set[str] | None:
    """Name the releases of an environment's file; nothing where it cannot be read, which is refused elsewhere."""
    try:
        file = _file(data, "")
    except Refused:
        return None
    return {f"{entry.model} {entry.version}" for entry in file.models} if file else set()


def _environments(proposed: Sequence[Change]) -> list[str]:
    """Name the environments whose file or sign-offs change."""
    names = set()
    for change in proposed:
        parts = change.path.split("/")
        if layout.classify(change.path) == "environment":
            names.add(parts[2].removesuffix(".yaml"))
        elif len(parts) > _IN_ENVIRONMENT and parts[0] == "compliance" and parts[1] in ("signoffs", "halts", "resumes"):
            names.add(parts[2])
    return sorted(names)


def _models(view: Snapshot, base_tree: str, environment: str, proposed: Sequence[Change]) -> tuple[frozenset[str], frozenset[str]]:
    """Name the models that must be allowed (more is asked for them than before), and those whose evidence alone changes."""
    path = layout.environment(environment)
    old, new = _file(view.git.blob(base_tree, path), path), _file(view.read(path), path)
    everything = frozenset(entry.model for entry in new.models) if new else frozenset[str]()
    if new is None:
        return frozenset(), frozenset()
    woken = old is not None and old.maintenance and not new.maintenance
    must = everything if woken else frozenset(_raised(old, new))
    folders = {change.path.split("/")[3] for change in proposed if change.path.startswith(f"compliance/signoffs/{environment}/")}
    ordered = any(
        change.path.startswith((f"compliance/halts/{environment}/", f"compliance/resumes/{environment}/")) for change in proposed
    )
    return must, everything if ordered else everything & folders


def _raised(old: Environment | None, new: Environment) -> Iterator[str]:
    """Name the models that may do more than before; a lower rollout, and nothing else, only restricts."""
    for entry in new.models:
        before = old.entry(entry.model) if old else None
        if before is None or (entry != before and not _restricts(before, entry)):
            yield entry.model


def _restricts(before: object, entry: object) -> bool:
    names = ("model", "version", "release", "domain", "fallback")
    same = all(getattr(before, name) == getattr(entry, name) for name in names)
    return same and bool(getattr(entry, "rollout", 100) < getattr(before, "rollout", 0))


def _file(data: bytes | None, path: str) -> Environment | None:
    return None if data is None else parse(data, Environment, path, comments=True)
