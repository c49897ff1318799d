"""What people do in several of these stories, and what status then says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from bot_core._digest import sha256, sha256_file
from bot_core.documents.environment import Environment
from bot_core.governance import layout, writing
from bot_core.governance.manifest import manifest
from bot_core.governance.reading import parse
from tests.authenticator import keypair
from tests.evidence import write_release
from tests.world import MODEL, SIGNERS, WEEK, World, _proposed, _ready

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

    from bot_core.documents.artifact import ModelState
    from bot_core.documents.release import ReleaseManifest
    from tests.world import Stage

    Worlds = Callable[[Stage], World]
    Change = Callable[[World, ReleaseManifest], ReleaseManifest]

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
AUDIT = "audit/ai_decision"
PRODUCTION = layout.environment("production")


def branch(desk: World) -> str:
    return desk.git("rev-parse", "--abbrev-ref", "HEAD")


def live(world: Worlds) -> World:
    """Merge the promotion, and stand on a branch."""
    desk = world("ready")
    desk.merge(branch(desk), after=WEEK)
    desk.git("switch", "-qc", "work")
    return desk


def signed_by(desk: World, who: str) -> list[str]:
    return ["--signer", who, "--key", str(desk.key(who))]


def forge(desk: World, document: msgspec.Struct, path: str, kind: layout.Signable, who: str) -> None:
    """Sign and commit past the commands' own checks."""
    key = desk.key(who) if desk.key(who).exists() else keypair(desk.path.parent, who)
    for name, data in writing.signed(document, path, kind, key, None, dt.datetime.now(dt.UTC)).items():
        desk.put(name, data)
    desk.commit()


def release_of(desk: World, version: str) -> str:
    return sha256_file(desk.path / layout.manifest(MODEL, version))


def revoke(desk: World, version: str | None = None) -> None:
    desk.ok("revoke", "release", release_of(desk, version or desk.version), "--reason", "x", *signed_by(desk, "cid"))


def roll_back(desk: World, *more: str) -> None:
    desk.ok("rollback", MODEL, "--env", "production", "--reason", "losses", *more)


def entries(desk: World) -> Environment:
    return parse(desk.read(PRODUCTION).encode(), Environment, PRODUCTION, comments=True)


def minutes_and_limits(desk: World) -> None:
    for role in ("risk", "compliance"):
        desk.sign_off(role, None, "--domain", "trade_entry", subject=())
    for role in ("risk", "platform", "data"):
        desk.ok(
            "review", "minutes", f"production.{MODEL}", layout.MINUTES, "--role", role, *signed_by(desk, SIGNERS[role]), "--approve"
        )


def place(desk: World, env: str, after: dt.timedelta) -> dict[str, Any]:
    return next(place for place in cast("Any", desk.status(after=after))["environments"] if place["environment"] == env)


def codes(desk: World, *, env: str = "production", after: dt.timedelta = WEEK) -> set[str]:
    """Return the reasons that status gives."""
    return {reason["code"] for model in place(desk, env, after)["models"] for reason in model["reasons"]}


def condition(desk: World, *, after: dt.timedelta) -> str:
    return str(place(desk, "production", after)["condition"])


def put_release(desk: World, change: Change, state: ModelState | None = None) -> str:
    """Commit a release of eve's whose files or signed claims were changed before she signed; return its version."""
    created = dt.datetime.now(dt.UTC).replace(microsecond=0)
    version = write_release(desk.path, MODEL, created, state=state)
    document = change(desk, manifest(desk.path, MODEL, version, "eve"))
    path = layout.manifest(MODEL, version)
    writing.write(desk.path, writing.signed(document, path, layout.RELEASE, desk.key("eve"), None, created))
    desk.commit("Release")
    return version


def of_file(desk: World, document: ReleaseManifest, data: bytes) -> ReleaseManifest:
    """Put other bytes where the artifact lies, and sign for them."""
    desk.put(document.artifact.path, data)
    return replace(document, artifact=replace(document.artifact, size=len(data), digest=sha256(data)))


def of_report(desk: World, document: ReleaseManifest, data: bytes, **claims: object) -> ReleaseManifest:
    """Put another walk-forward report there, and sign for it."""
    first = document.reports[0]
    desk.put(first.path, data)
    return replace(document, reports=[replace(first, digest=sha256(data), **claims), *document.reports[1:]])


def on_main(desk: World, change: Callable[[], object]) -> None:
    """Push a change past the gate."""
    proposal = branch(desk)
    desk.git("switch", "-q", "main")
    change()
    if desk.git("status", "--porcelain"):
        desk.commit("Pushed directly")
    desk.git("switch", "-q", proposal)


def to_paper(desk: World) -> None:
    desk.ok("promote", MODEL, desk.version, "--env", "paper")
    desk.sign_off("risk", env="paper")


def to_production(desk: World) -> None:
    desk.merge(branch(desk))
    _proposed(desk)
    _ready(desk)


def releases(desk: World) -> list[str]:
    return sorted(path.name.split(".")[0] for path in desk.path.glob(f"models/{MODEL}/*.release.yaml"))


def back_to_first(desk: World) -> None:
    """Order a return to the first release, on a branch."""
    desk.git("switch", "-qc", "back")
    roll_back(desk, "--to", releases(desk)[0], *signed_by(desk, "cid"))
