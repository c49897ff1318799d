from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot_core._digest import sha256
from bot_core.documents.interventions import Review
from bot_core.errors import ConfigError, GitError, SigningError
from bot_core.governance import layout, stages
from bot_core.governance.desk import Desk
from bot_core.governance.reading import parse
from bot_core.governance.reviewing import Answer, answered, give

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

FILE = "docs/runbooks/rollback.md"
ANSWER = Answer("alert", "m.drift", FILE, "risk", "ann", "dismiss", statement="A holiday.")


@pytest.fixture
def place(world: Callable[[Stage], World]) -> World:
    return world("configured")


def here(place: World) -> Desk:
    """Sit down at what is committed by now."""
    return Desk(place.path, place.now)


def test_an_answer_is_signed_committed_and_counts(place: World) -> None:
    desk = here(place)
    paths = give(desk, ANSWER, place.key("ann"))
    folder = layout.reviews("alert", "m.drift")
    assert paths == (f"{folder}/risk.ann.{layout.stamp(desk.now)}.yaml", f"{folder}/risk.ann.{layout.stamp(desk.now)}.yaml.sig")
    assert place.git("show", "--format=%s", "--name-only", "HEAD").split("\n\n") == [
        "Review alert m.drift as risk",
        "\n".join(paths),
    ]
    now = here(place)
    (signed,) = stages.reviews(now.view, "alert", "m.drift", now.crew)
    assert (signed.document.decision, signed.document.statement) == ("dismiss", "A holiday.")
    assert signed.document.digest == sha256((place.path / FILE).read_bytes())


def test_preparing_one_writes_nothing(place: World) -> None:
    before = place.git("rev-parse", "HEAD")
    desk = here(place)
    document, path = answered(desk, ANSWER)
    assert (document.path, document.role, document.issued) == (FILE, "risk", desk.now)
    assert (place.git("rev-parse", "HEAD"), place.git("status", "--porcelain"), (place.path / path).exists()) == (before, "", False)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"file": "nowhere.json"}, "nowhere.json: expected a committed file, got none"),
        ({"role": "data"}, "--signer: expected somebody in the role data, got ann"),
        ({"signer": "nobody"}, "--signer: expected somebody in the role risk, got nobody"),
        ({"name": "Not a name"}, "compliance/reviews/alert/Not a name/risk.ann."),
        ({"statement": ""}, "statement: expected "),
    ],
)
def test_what_would_not_count_is_not_written(place: World, change: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        give(here(place), replace(ANSWER, **change), place.key("ann"))  # type: ignore[arg-type]  # some are no roles
    assert place.git("status", "--porcelain") == ""


def test_no_key_and_staged_changes_are_refused(place: World) -> None:
    with pytest.raises(SigningError):
        give(here(place), ANSWER, place.path / "nowhere")
    place.put("docs/mine.md", "1")
    place.git("add", "docs/mine.md")
    with pytest.raises(GitError, match="expected nothing staged"):
        give(here(place), ANSWER, place.key("ann"))


def test_what_is_written_reads_back(place: World) -> None:
    (path, _) = give(here(place), replace(ANSWER, decision="ticket", ticket="OPS-17"), place.key("ann"))
    document = parse((place.path / path).read_bytes(), Review, path)
    assert (document.decision, document.ticket) == ("ticket", "OPS-17")
