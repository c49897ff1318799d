"""A desk in memory: files with their times, people whose keys are software, and what they sign. For rules that need no git."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot_core._digest import sha256
from bot_core.documents.environment import Entry, Environment
from bot_core.documents.policy import EnvironmentPolicy, Person, Policy, PublicKey, ReportRule
from bot_core.documents.release import ReleaseManifest
from bot_core.documents.signoff import SignOff, Subject
from bot_core.governance import layout
from bot_core.governance.manifest import manifest
from bot_core.governance.reading import Signed, spell
from bot_core.governance.snapshot import Version
from tests.authenticator import Authenticator
from tests.evidence import write_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from bot_core.governance.layout import Signable

T = TypeVar("T")
T0 = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MODEL, VERSION, DIGEST = "eurusd_range", "20261101T080000Z-aa17c02e", sha256(b"a release")
REPOSITORY = "quant/models"
DOMAIN = layout.domain("trade_entry", sha256(b"a domain"))


class MemoryView:
    """A `View` of a dictionary: each file's states with their times, oldest first."""

    def __init__(self) -> None:
        self.files: dict[str, list[Version]] = {}

    def put(self, path: str, data: bytes | None, since: dt.datetime = T0) -> None:
        """Let a file hold something from a time on; nothing: it goes."""
        self.files.setdefault(path, []).append(Version(since, data))

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or nothing."""
        return self.files[path][-1].data if path in self.files else None

    def names(self, folder: str) -> list[str]:
        """List the files in a folder, in order."""
        found = [path.rpartition("/") for path in self.files if self.read(path) is not None]
        return sorted(name for parent, _, name in found if parent == folder)

    def folders(self, folder: str) -> list[str]:
        """List the folders in a folder, in order."""
        inside = [path.removeprefix(f"{folder}/") for path in self.files if path.startswith(f"{folder}/")]
        return sorted({name.partition("/")[0] for name in inside if "/" in name})

    def since(self, path: str) -> dt.datetime:
        """Return when a file became effective; long after everything else where there is none."""
        return self.files[path][-1].since if path in self.files else T0 + 9999 * DAY

    def expect(self, paths: Iterable[str]) -> None:
        """Need no announcement."""

    def versions(self, path: str) -> Iterator[Version]:
        """Walk through the states of a file, newest first."""
        return reversed(self.files.get(path, []))

    def at(self, path: str, time: dt.datetime) -> bytes | None:
        """Return what a file held at a time."""
        return next((version.data for version in self.versions(path) if version.since <= time), None)

    def past(self, folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """Walk through every state of the files so named below a folder."""
        paths = [path for path in self.files if path.startswith(f"{folder}/") and path.endswith(suffix)]
        return ((path, one.data) for path in paths for one in self.versions(path) if one.data is not None)


def make(kind: Callable[..., T], facts: Mapping[str, object]) -> T:
    """Make a document, or whatever else, of facts by name."""
    return kind(**facts)


@cache
def device(name: str) -> Authenticator:
    """Return a person's key: the same for the same name."""
    return Authenticator(seed=hashlib.sha256(name.encode()).digest(), comment=name)


def person(name: str, *roles: str, **key: object) -> Person:
    """Make a person with one key, valid for a year before T0."""
    facts = {"public": device(name).public, "valid_from": T0 - 365 * DAY, **key}
    return Person(name=name, roles=list(roles), keys=[make(PublicKey, facts)])


def rules(name: str = "paper", **more: object) -> EnvironmentPolicy:
    """Make an environment that asks for one approval by risk and a walk-forward report."""
    facts = {"approvals": {"risk": 1}, "reports": [ReportRule(kind="walk_forward")], **more}
    return make(EnvironmentPolicy, {"name": name, **facts})


def policy(*people: Person, **more: object) -> Policy:
    """Make a policy of some people; without any, of a small desk."""
    desk = people or (person("ann", "root", "risk"), person("ben", "compliance"), person("fay", "risk", "data"), person("eve"))
    facts = {
        "schema": "bot-core/policy/v1",
        "repository": REPOSITORY,
        "version": 1,
        "root_quorum": 1,
        "formats": ["linear-json"],
        "people": list(desk),
        "environments": [rules()],
        **more,
    }
    return make(Policy, facts)


def sign(
    view: MemoryView, path: str, document: msgspec.Struct, kind: Signable, by: str, *, since: dt.datetime = T0, touch: bool = True
) -> bytes:
    """Put a document and its signature into a view; return the document's bytes."""
    data = spell(document)
    view.put(path, data, since)
    view.put(path + layout.SIG, device(by).sign(data, kind.namespace, touch=touch), since)
    return data


def signoff(signer: str = "ann", role: str = "risk", **more: object) -> SignOff:
    """Make a sign-off of the release, valid for thirty days."""
    facts = {
        "schema": "bot-core/signoff/v1",
        "repository": REPOSITORY,
        "environment": "paper",
        "subject": Subject(kind="release", name=MODEL, version=VERSION, digest=DIGEST),
        "role": role,
        "signer": signer,
        "decision": "approve",
        "issued": T0,
        "expires": T0 + 30 * DAY,
        "policy_version": 1,
        **more,
    }
    return make(SignOff, facts)


def put_signoff(view: MemoryView, word: SignOff, since: dt.datetime = T0) -> str:
    """Put a sign-off where its content asks for; return its path."""
    path = layout.signoff(word.environment, word.subject, word.role, word.signer, word.issued)
    sign(view, path, word, layout.SIGNOFF, word.signer, since=since)
    return path


def put_release(view: MemoryView, folder: Path, **evidence: object) -> tuple[str, str]:
    """Put a whole release of eve's into a view; return its version and its manifest's digest."""
    version = make(partial(write_release, folder, MODEL, T0 - DAY), evidence)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        view.put(str(path.relative_to(folder)), path.read_bytes())
    document = manifest(folder, MODEL, version, "eve")
    return version, sha256(sign(view, layout.manifest(MODEL, version), document, layout.RELEASE, "eve"))


def manifest_of(model: str = MODEL, version: str = VERSION) -> Signed[ReleaseManifest]:
    """Make a proven manifest of eve's without a file."""
    facts = {
        "schema": "bot-core/release/v1",
        "model": model,
        "version": version,
        "author": "eve",
        "created": T0 - DAY,
        "source": {"inputs": DIGEST, "commit": "0" * 40, "config": DIGEST, "dvc_lock": DIGEST, "environment": DIGEST},
        "data": [{"name": "eurusd_1h", "digest": DIGEST}],
        "artifact": {"path": layout.artifact(model, version), "format": "linear-json", "size": 1, "digest": DIGEST},
        "reports": [
            {"kind": "drift", "path": "audit/ai_decision/drift/a.json", "digest": DIGEST, "generated": T0 - DAY, "status": "ok"}
        ],
        "golden": {"digest": DIGEST},
    }
    eve = person("eve")
    document = msgspec.convert(facts, ReleaseManifest)
    return Signed(document, layout.manifest(model, version), DIGEST, T0 - DAY, eve, eve.keys[0])


def entry(version: str = VERSION, release: str = DIGEST, **more: object) -> Entry:
    """Make an entry of the model."""
    facts = {"model": MODEL, "version": version, "release": release, "domain": DOMAIN, "rollout": 100, "fallback": "rules", **more}
    return make(Entry, facts)


def put_environment(view: MemoryView, *entries: Entry, name: str = "paper", since: dt.datetime = T0) -> None:
    """Let an environment's file hold some entries from a time on."""
    file = Environment(schema="bot-core/environment/v1", environment=name, maintenance=False, models=list(entries))
    view.put(layout.environment(name), spell(file), since)
