"""What a pull request may change: governed folders are add-only, releases immutable, names and modes plain, policy and state apart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.governance import chain, generated, layout, sshsig
from bot_core.governance.git import FILE
from bot_core.governance.interventions import Memory, revocations
from bot_core.governance.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot_core.documents.policy import Policy
    from bot_core.governance.git import Change
    from bot_core.governance.reading import Verify
    from bot_core.governance.snapshot import Snapshot

ROOTS = ("compliance", "models", "audit")
MOST_FILES = 5_000
_GONE = "000000"
_REVERT = "git revert the change, and add a new file instead"


def judge(changes: Sequence[Change]) -> Iterator[Reason]:
    """Say which changes the kinds of files do not allow; no file is read."""
    governed = [change for change in changes if _is_governed(change.path)]
    if len(governed) > MOST_FILES:
        yield Reason(
            "PATH",
            "compliance",
            f"compliance, models, audit: expected at most {MOST_FILES} changed files, got {len(governed)}",
            "split it",
        )
        return
    for change in governed:
        yield from _judge(change)
    kinds = {layout.classify(change.path): change.path for change in governed}
    if "policy" in kinds and "environment" in kinds:
        message = f"{kinds['policy']}: expected policy and environments in pull requests of their own, got {kinds['environment']} beside it"
        yield Reason("MIXED-CHANGE", kinds["policy"], message, "propose the policy first; promote when it is merged")


def collisions(view: Snapshot, changes: Sequence[Change]) -> Iterator[Reason]:
    """Say which added names differ from a neighbour by case only: on some machines they are one file."""
    added = [change.path for change in changes if change.status == "A" and _is_governed(change.path)]
    added = added if len(added) <= MOST_FILES else []  # refused already
    for folder in sorted({path.rpartition("/")[0] for path in added}):
        names = [item.name for item in view.git.items(view.tree, folder)]
        folded = Counter(name.casefold() for name in names)
        for name in names:
            if folded[name.casefold()] > 1:
                message = f"{folder}/{name}: expected names that differ by more than case, got another like it"
                yield Reason("PATH", f"{folder}/{name}", message, "choose another name")


def first_policy(view: Snapshot, verify: Verify = sshsig.verify) -> Iterator[Reason]:
    """Say whether a first policy is signed by its own root quorum."""
    data = view.read(layout.POLICY)
    if data is None:
        return
    try:
        policy = chain.load_policy(data)
    except Refused as problem:
        yield problem.reason
        return
    signed = chain.signed_by(data, policy, view.read, view.now, verify)
    if len(signed) < policy.root_quorum:
        message = f"{layout.POLICY}: expected the signatures of {policy.root_quorum} of its root people, got {len(signed)}"
        yield Reason("POLICY-SELF", layout.POLICY, message, "bot-core policy sign --signer NAME --key KEY")


def judge_policy(view: Snapshot, base_tree: str, changes: Sequence[Change], verify: Verify = sshsig.verify) -> Iterator[Reason]:
    """Say whether a change of policy follows from the one before, and whether what it names and generates is there."""
    paths = {change.path for change in changes}
    named = {path for path in paths if layout.classify(path) in ("policy", "generated")}
    if not named:
        return
    old, new = view.git.blob(base_tree, layout.POLICY), view.read(layout.POLICY)
    if old is None:
        return
    if new is None:
        yield Reason("POLICY-CHAIN", layout.POLICY, f"{layout.POLICY}: expected a policy, got it deleted", _REVERT)
        return
    try:
        if layout.POLICY in paths:
            withdrawn = revocations(view, chain.load_policy(old), Memory(), verify)[0].withdrawn
            yield from chain.judge(old, new, view.read, view.now, verify, withdrawn)
        policy = chain.load_policy(new)
        if layout.POLICY not in paths and any(path.endswith(layout.SIG) for path in named):
            signed = chain.signed_by(new, policy, view.read, view.since(layout.POLICY), verify)
            yield from chain.unsigned(policy, "present", signed)
        yield from _named(view, policy)
    except Refused as problem:
        yield problem.reason


def _named(view: Snapshot, policy: Policy) -> Iterator[Reason]:
    for path, wanted in generated.files(policy).items():
        if view.read(path) != wanted:
            yield Reason(
                "GENERATED",
                path,
                f"{path}: expected what {layout.POLICY} generates, got another text",
                "bot-core docs render --policy",
            )
    for rules in policy.environments:
        if rules.checklist is None:
            continue
        path = layout.checklist(rules.checklist.id)
        data = view.read(path)
        got = "no file" if data is None else sha256(data)
        if got != rules.checklist.digest:
            yield Reason(
                "REL-DIGEST", path, f"{path}: expected {rules.checklist.digest}, as the policy says, got {got}", chain.PROPOSE
            )


def _judge(change: Change) -> Iterator[Reason]:
    path, kind = change.path, layout.classify(change.path)
    if kind == "unknown" or not _is_exact(path):
        code = "FORMAT" if path.startswith("models/") else "PATH"
        yield Reason(
            code,
            path.encode(errors="backslashreplace").decode(),
            f"{path!a}: expected a file that governed folders hold, got another name",
            "see docs/architecture/governance.md, Files",
        )
    elif change.mode not in (FILE, _GONE):
        yield Reason(
            "PATH",
            path,
            f"{path}: expected a plain file (mode {FILE}), got mode {change.mode}",
            "no links, submodules or executables here",
        )
    if kind == "immutable" and change.status != "A":
        yield Reason("REL-IMMUTABLE", path, f"{path}: expected a release that never changes, got it {_verb(change)}", _REVERT)
    if kind == "add_only" and change.status != "A":
        hint = "bot-core rollback restores the environment's file alone" if change.status == "D" else _REVERT
        yield Reason("ADD-ONLY", path, f"{path}: expected a file that is only ever added, got it {_verb(change)}", hint)


def _verb(change: Change) -> str:
    return {"D": "deleted", "M": "changed"}.get(change.status, "replaced by something else")


def _is_governed(path: str) -> bool:
    """Say whether a path lies in a governed folder, or pretends to."""
    return path.replace("\\", "/").split("/")[0].casefold() in ROOTS or layout.classify(path) != "other"


def _is_exact(path: str) -> bool:
    return (
        path.split("/", maxsplit=1)[0] in (*ROOTS, layout.CODEOWNERS) and path not in ROOTS and path.isascii() and "\\" not in path
    )
