from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot_core.governance import layout, sshsig
from bot_core.governance.desk import Desk
from bot_core.governance.reasons import Refused
from bot_core.runtime.press import Press
from tests.publisher import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.world import Stage, World

PATH = "audit/ai_decision/drift/20261121T101500Z-0a1b2c3d.20261121T101500Z.json"


@pytest.fixture
def paper(world: Callable[[Stage], World]) -> Publisher:
    return Publisher.on(world("paper"))


def press(paper: Publisher, **changes: object) -> Press:
    desk = Desk(paper.desk.path, paper.clock)
    return Press.of(desk, desk.view, paper.wish(**changes))


def test_it_signs_reports_as_the_service(paper: Publisher) -> None:
    files = press(paper).signed(b"{}", PATH)
    assert files[PATH] == b"{}"
    found = sshsig.verify(b"{}", files[PATH + layout.SIG], "report@bot-core")
    assert found.key == sshsig.key_blob(paper.desk.key("runtime-1").with_suffix(".pub").read_text().strip())


@pytest.mark.parametrize("name", ["gus", "ann"])
def test_another_s_key_is_not_the_service_s(paper: Publisher, name: str) -> None:
    with pytest.raises(Refused, match="expected a key that the policy gives runtime-1"):
        press(paper, key=paper.desk.key(name)).signed(b"{}", PATH)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"signer": "ann"}, r"--signer: expected a service that may publish heads and reports \(runtime-1\), got ann"),
        ({"environment": "moon"}, "--env: expected one of paper, production; got moon"),
    ],
    ids=str,
)
def test_only_a_service_of_the_policy_publishes(paper: Publisher, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        press(paper, **changes)


def test_a_service_needs_both_rights(paper: Publisher) -> None:
    paper.desk.edit(layout.POLICY, "      - head\n", "")
    paper.desk.commit()
    with pytest.raises(Refused, match=r"heads and reports \(none\), got runtime-1"):
        press(paper)


def test_a_branch_that_is_not_there_holds_nothing(paper: Publisher) -> None:
    found = press(paper)
    assert (found.held(None, layout.POLICY), found.held("nothing", layout.POLICY)) == (None, None)
    assert found.held(found.view.tip, layout.POLICY) == (paper.desk.path / layout.POLICY).read_bytes()
