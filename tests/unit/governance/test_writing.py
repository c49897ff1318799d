from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from bot_core.errors import GitError, SigningError
from bot_core.governance import layout, writing
from bot_core.governance.desk import Desk
from bot_core.governance.reading import spell
from bot_core.governance.reasons import Refused
from bot_core.governance.sshsig import verify
from tests.memory_view import signoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

FILES = {"compliance/halts/paper/a.yaml": b"1\n", "compliance/halts/paper/a.yaml.sig": b"2\n"}


@pytest.fixture
def desk(world: Callable[[Stage], World]) -> World:
    return world("configured")


def signed(desk: World, key: str) -> writing.Files:
    here = Desk(desk.path, desk.t0 + dt.timedelta(minutes=1))
    return writing.signed(signoff(), "a.yaml", layout.SIGNOFF, desk.key(key), here.crew, here.now)


def test_a_document_comes_with_its_signature_and_nothing_is_written(desk: World) -> None:
    files = signed(desk, "ann")
    assert set(files) == {"a.yaml", "a.yaml.sig"}
    assert files["a.yaml"] == spell(signoff())
    assert verify(files["a.yaml"], files["a.yaml.sig"], "signoff@bot-core").namespace == "signoff@bot-core"
    assert desk.git("status", "--porcelain") == ""


def test_a_key_that_does_not_count_is_refused_at_once(desk: World) -> None:
    with pytest.raises(Refused) as caught:
        signed(desk, "ben")
    assert caught.value.code == "SIG-UNKNOWN-KEY"
    assert caught.value.message.endswith("(none of ann's keys)")
    with pytest.raises(SigningError, match="nowhere: expected a private key"):
        signed(desk, "nowhere")


def test_new_files_are_committed_alone(desk: World) -> None:
    desk.put("docs/mine.md", "unfinished")
    commit = writing.commit(desk.path, FILES, "Halt everything")
    assert desk.git("show", "--name-only", "--format=%H %s", "HEAD").splitlines() == [f"{commit} Halt everything", "", *FILES]
    assert desk.git("status", "--porcelain") == "?? docs/mine.md"


def test_a_file_that_is_there_is_never_overwritten(desk: World) -> None:
    writing.write(desk.path, FILES)
    writing.write(desk.path, FILES)
    with pytest.raises(Refused) as caught:
        writing.write(desk.path, {"compliance/halts/paper/b.yaml": b"1\n", **dict.fromkeys(FILES, b"other\n")})
    assert caught.value.code == "ADD-ONLY"
    assert caught.value.message.endswith("a.yaml: expected a new file, got one that is there already")
    assert {path: (desk.path / path).read_bytes() for path in FILES} == FILES
    assert not (desk.path / "compliance/halts/paper/b.yaml").exists()


@pytest.mark.parametrize("write", [writing.commit, writing.overwrite])
def test_staged_changes_are_refused_before_anything_is_written(desk: World, write: Callable[..., str]) -> None:
    desk.put("docs/mine.md", "1")
    desk.git("add", "docs/mine.md")
    with pytest.raises(GitError, match=r"expected nothing staged.*got docs/mine\.md"):
        write(desk.path, FILES, "Halt everything")
    assert desk.git("status", "--porcelain") == "A  docs/mine.md"


def test_desired_state_may_be_overwritten(desk: World) -> None:
    for text in (b"1\n", b"2\n"):
        writing.replace(desk.path, layout.environment("paper"), text, "Promote")
    assert desk.git("show", f"HEAD:{layout.environment('paper')}") == "2"
    assert desk.git("show", f"HEAD~1:{layout.environment('paper')}") == "1"
