"""Names, modes and kinds of change that governed folders do not allow; histories and repositories that cannot be judged."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bot_core.governance import layout
from bot_core.governance.changes import MOST_FILES
from tests.world import MODEL, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world import Stage, World

    Worlds = Callable[[Stage], World]

PLAIN, EXECUTABLE, LINK, MODULE = "100644", "100755", "120000", "160000"
REPORT = "audit/ai_decision/drift/extra.json"


def git(desk: World, *words: str, data: bytes = b"") -> str:
    """Run git with some input."""
    return subprocess.run(["git", *words], cwd=desk.path, input=data, capture_output=True, check=True).stdout.decode().strip()


def graft(desk: World, parts: list[bytes], mode: str, thing: str, tree: str = "HEAD^{tree}") -> str:
    """Put an object into a tree under any name whatever, past git's own checks; return the new tree."""
    entries = (
        [line for line in git(desk, "ls-tree", "-z", tree).encode(errors="surrogateescape").split(b"\0") if line] if tree else []
    )
    held = {line.split(b"\t", 1)[1]: line for line in entries}
    if len(parts) > 1:
        below = held.get(parts[0], b"x x ").split(b"\t")[0].split()[2:]
        thing, mode = graft(desk, parts[1:], mode, thing, below[0].decode() if below else ""), "040000"
    kind = {"040000": "tree", MODULE: "commit"}.get(mode, "blob")
    held[parts[0]] = f"{mode} {kind} {thing}\t".encode() + parts[0]
    return git(desk, "mktree", "-z", "--missing", data=b"".join(line + b"\0" for line in held.values()))


def put(desk: World, path: str | bytes, mode: str = PLAIN, data: bytes = b"{}\n") -> None:
    """Commit one object under any name; the work tree is not asked."""
    name = path if isinstance(path, bytes) else path.encode()
    thing = git(desk, "rev-parse", "HEAD") if mode == MODULE else git(desk, "hash-object", "-w", "--stdin", data=data)
    commit = git(desk, "commit-tree", "-p", "HEAD", "-m", "graft", graft(desk, name.split(b"/"), mode, thing))
    git(desk, "update-ref", "HEAD", commit)


@pytest.mark.parametrize(
    "path",
    [
        "compliance/../policy.yaml",
        "compliance/./policy.yaml",
        "audit/../../etc/passwd",
        "compliance\\policy.yaml",
        "compliance/halts\\production\\stop.yaml",
        "Compliance/policy.yaml",
        "COMPLIANCE/halts/production/stop.yaml",
        "compliance/Halts/production/stop.yaml",
        "compliance/policy.YAML",
        "Audit/ai_decision/drift/extra.json",
        "compliance/halts/production/a b.yaml",
        "compliance/halts/production/a\nb.yaml",
        'compliance/halts/production/-rf\t".yaml',
        "compliance/halts/prodüction/stop.yaml",
        "compliance/halts/production/stop\u200b.yaml",
        b"compliance/halts/production/\xff.yaml",
        "compliance/halts/production/\u202estop.yaml",
        "compliance/notes.txt",
        "compliance/halts/stop.yaml",
        "compliance/environments/production.yaml.bak",
        "compliance/signoffs/production/x/y/z.yaml",
        "audit/ai_decision/new_kind/x.json",
        "audit/passwords",
    ],
)
def test_a_name_that_governed_folders_do_not_hold_is_refused(world: Worlds, path: str | bytes) -> None:
    desk = world("ready")
    put(desk, path)
    code, reasons, _ = desk.gate()
    assert (code, reasons) == (30, {"PATH"})


@pytest.mark.parametrize("path", ['docs/Notes and "such".md', "conf/ünder.yaml", b"data/\xff.csv", "src/compliance/x.yaml"])
def test_names_elsewhere_are_free(world: Worlds, path: str | bytes) -> None:
    desk = world("ready")
    put(desk, path)
    assert desk.gate()[:2] == (0, set())


@pytest.mark.parametrize("mode", [EXECUTABLE, LINK, MODULE])
def test_nothing_but_plain_files_is_governed(world: Worlds, mode: str) -> None:
    desk = world("ready")
    put(desk, REPORT, mode)
    assert desk.gate()[:2] == (30, {"PATH"})


def test_a_plain_report_is_allowed(world: Worlds) -> None:
    desk = world("ready")
    put(desk, REPORT)
    assert desk.gate()[:2] == (0, set())


@pytest.mark.parametrize("mode", [EXECUTABLE, LINK])
def test_a_signed_release_may_not_become_something_else(world: Worlds, mode: str) -> None:
    desk = world("ready")
    path = layout.artifact(MODEL, desk.version)
    put(desk, path, mode, desk.read(path).encode())
    assert desk.gate()[:2] == (30, {"PATH", "REL-IMMUTABLE"})


def test_names_that_differ_by_case_only_are_refused(world: Worlds) -> None:
    desk = world("ready")
    put(desk, f"audit/ai_decision/drift/{desk.version.lower()}.json")
    assert desk.gate()[:2] == (30, {"PATH"})


@pytest.mark.parametrize("place", ["compliance", "models", "audit"])
def test_a_governed_folder_may_not_become_a_link(world: Worlds, place: str) -> None:
    desk = world("configured")
    desk.release()
    desk.git("switch", "-qc", "attack")
    put(desk, place, LINK, b"/tmp")
    code, reasons, _ = desk.gate()
    missing = {"compliance": {"POLICY-CHAIN"}, "models": {"REL-IMMUTABLE"}, "audit": {"ADD-ONLY"}}
    assert (code, reasons) == (30, {"PATH"} | missing[place])


@pytest.mark.parametrize(
    "domain",
    ["../../etc/passwd", "/etc/passwd", "./compliance/policy.yaml", "compliance/domains/a b", "compliance", "C:\\\\x.yaml"],
)
def test_an_environment_may_not_name_a_domain_outside(world: Worlds, domain: str) -> None:
    desk = world("ready")
    path = layout.environment("production")
    (old,) = [line for line in desk.read(path).splitlines() if "domain:" in line]
    desk.edit(path, old, f'    domain: "{domain}"')
    desk.ok("fmt", path)
    desk.commit()
    assert desk.gate()[:2] == (30, {"REL-DIGEST"})


def test_what_is_add_only_is_neither_changed_nor_deleted(world: Worlds) -> None:
    desk = world("ready")
    desk.merge(branch(desk), after=WEEK)
    desk.git("switch", "-qc", "attack")
    signed = desk.find(f"{desk.signoffs}/release.data.dora.*.yaml")
    desk.put(signed, desk.read(signed) + "\n")
    desk.commit()
    assert desk.gate()[:2] == (30, {"ADD-ONLY"})
    desk.git("rm", "-q", signed, f"{signed}.sig")
    desk.commit()
    assert desk.gate()[:2] == (30, {"ADD-ONLY"})


@pytest.mark.parametrize("suffix", ["json", "md", "release.yaml", "release.yaml.sig"])
def test_a_release_never_changes(world: Worlds, suffix: str) -> None:
    desk = world("paper")
    desk.git("switch", "-qc", "attack")
    path = f"models/{MODEL}/{desk.version}.{suffix}"
    desk.put(path, desk.read(path) + " ")
    desk.commit()
    assert desk.gate()[:2] == (30, {"REL-IMMUTABLE"})
    desk.git("rm", "-q", path)
    desk.commit()
    assert desk.gate()[:2] == (30, {"REL-IMMUTABLE"})


def test_a_plain_revert_of_the_merge_would_delete_sign_offs_and_says_what_to_do(world: Worlds) -> None:
    desk = world("ready")
    desk.merge(branch(desk), after=WEEK)
    desk.git("switch", "-qc", "back")
    desk.git("revert", "--no-edit", "-m", "1", "HEAD")
    code, reasons, answer = desk.gate()
    assert (code, reasons) == (30, {"ADD-ONLY"})
    assert all("bot-core rollback" in reason["hint"] for reason in answer["reasons"])  # type: ignore[attr-defined]


def test_a_revert_of_the_promotion_alone_is_a_rollback(world: Worlds) -> None:
    desk = world("ready")
    promotion = desk.git("log", "-1", "--format=%H", "--", layout.environment("production"))
    desk.merge(branch(desk), after=WEEK)
    desk.git("switch", "-qc", "back")
    desk.git("revert", "--no-edit", promotion)
    assert desk.gate()[:2] == (0, set())


def test_a_signature_without_its_document_is_refused(world: Worlds) -> None:
    desk = world("ready")
    signed = desk.find(f"{desk.signoffs}/release.data.dora.*.yaml")
    desk.put("compliance/halts/production/stop.yaml.sig", desk.read(f"{signed}.sig"))
    desk.commit()
    assert desk.gate()[:2] == (30, {"SIG-BAD"})


def test_more_files_than_anybody_reads_are_refused_in_one_sentence(world: Worlds) -> None:
    desk = world("configured")
    files = b"".join(b"M 100644 inline audit/ai_decision/drift/n%d.json\ndata 2\n{}\n" % number for number in range(MOST_FILES + 1))
    who = b"committer Dev <dev@desk.example> 1800000000 +0000\ndata 4\nmany\n"
    git(desk, "fast-import", "--quiet", data=b"commit refs/heads/many\n" + who + b"from refs/heads/main^0\n" + files)
    code, reasons, answer = desk.gate(head="many")
    assert (code, reasons) == (30, {"PATH"})
    assert len(answer["reasons"]) == 1  # type: ignore[arg-type]


def test_branches_that_conflict_are_no_pass_and_no_traceback(world: Worlds) -> None:
    desk = world("configured")
    for name in ("one", "other"):
        desk.git("switch", "-qc", name, "main")
        desk.put("docs/page.md", name)
        desk.commit()
    refused(desk, "gate", "--base", "one", "--head", "other", says="conflicts")


def test_unknown_commits_are_no_pass_and_no_traceback(world: Worlds) -> None:
    desk = world("configured")
    refused(desk, "gate", "--base", "nothing", says="a commit named nothing")
    refused(desk, "gate", "--base", "main", "--head=--output=x", says="a commit named --output=x")
    refused(desk, "status", "--ref", "0" * 40, says="a commit named")


def test_a_history_that_was_cut_off_is_not_judged(world: Worlds, tmp_path: Path) -> None:
    desk = world("paper")
    desk.git("clone", "-q", "--depth", "1", f"file://{desk.path}", str(tmp_path / "shallow"))
    desk.path = tmp_path / "shallow"
    refused(desk, "gate", "--base", "main", says="a shallow clone")
    refused(desk, "status", says="a shallow clone")


def test_outside_a_repository_there_is_nothing_to_judge(world: Worlds, tmp_path: Path) -> None:
    desk = world("configured")
    desk.path = tmp_path / "empty"
    desk.path.mkdir()
    refused(desk, "gate", "--base", "main", says="a git repository")
    refused(desk, "status", says="a git repository")


def branch(desk: World) -> str:
    return desk.git("rev-parse", "--abbrev-ref", "HEAD")


def refused(desk: World, *words: str, says: str) -> None:
    """Expect one sentence and a hint, exit 2, nothing else."""
    code, out, err = desk.run(*words)
    assert (code, out) == (2, "")
    assert says in err
    assert err.startswith("error[GIT]: ")
    assert err.count("\n") <= 2, err
