"""The papers of a desk, spelled and signed: a policy, releases with their evidence, what paper shows of them, sign-offs, minutes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.gate_sides.keys import Key
from bot_core._digest import sha256
from bot_core._parse import encode_json
from bot_core.documents.domain import Domain, Rule
from bot_core.documents.environment import Entry, Environment
from bot_core.documents.interventions import Review
from bot_core.documents.signoff import Answer, AnsweredChecklist, SignOff, Subject
from bot_core.governance import chain, layout, operation, proposing
from bot_core.governance.manifest import manifest
from bot_core.governance.reading import spell
from tests.evidence import extracts as shown
from tests.evidence import write_release

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import msgspec

    from bot_core.governance.layout import Signable

Files = dict[str, bytes]
ROOT = Path(__file__).parents[2]
REPOSITORY = "quant/models"
ROTATION, NEWCOMER = ("decision_engine", "msft_direction", "aapl_barrier"), "eurusd_range"
ROLES = {"ann": ["root", "risk"], "ben": ["root", "compliance"], "cid": ["platform"], "dora": ["data"], "eve": []}
SIGNERS = {"risk": "ann", "compliance": "ben", "platform": "cid", "data": "dora"}
ANSWERS: dict[str, tuple[str, ...]] = {"risk": ("C7",), "platform": (), "data": ("C6",), "compliance": ("C6",)}
SERVICE = "runtime-1"
KEYS = {name: Key(name) for name in (*ROLES, SERVICE)}
VALID = {"production": dt.timedelta(days=120), "paper": dt.timedelta(days=365)}
DOMAIN = spell(
    Domain(
        schema="bot-core/domain/v1",
        name="trade_entry",
        purpose="Open, resize or skip a position on the next bar.",
        models=[*ROTATION, NEWCOMER],
        actions=["enter", "reduce", "skip"],
        thresholds={"max_cost_bps": "15", "min_probability": "0.58", "max_open_positions": 5},
        rules=[Rule(when="always", action="skip")],
    )
)
MINUTES = b"# Go-live minutes\n\nWe looked at the paper journal and agreed.\n"
DOMAIN_FILE = layout.domain("trade_entry", sha256(DOMAIN))


def founding(start: dt.datetime) -> Files:
    """Write the policy with its signatures, and what it names: checklist, runbook, domain, minutes."""
    people = {name: (KEYS[name].public, roles) for name, roles in ROLES.items()}
    data = proposing.first(ROOT, REPOSITORY, people, 2, 7, start, {SERVICE: (KEYS[SERVICE].public, ["head", "report"])})
    signatures = {f"{layout.POLICY}.{name}.sig": KEYS[name].sign(data, layout.POLICY_KIND.namespace) for name in ("ann", "ben")}
    named = {path: (ROOT / path).read_bytes() for path in (layout.checklist(proposing.CHECKLIST), "docs/runbooks/rollback.md")}
    return proposing.files(data, chain.load_policy(data)) | signatures | named | {DOMAIN_FILE: DOMAIN, layout.MINUTES: MINUTES}


def release(model: str, created: dt.datetime) -> tuple[str, Files]:
    """Write a whole signed release; return its version and files."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        version = write_release(root, model, created)
        page = manifest(root, model, version, "eve")
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return version, files | signed(page, layout.manifest(model, version), "eve", layout.RELEASE)


def extracts(model: str, version: str, at: dt.datetime) -> Files:
    """Publish what paper shows of a release: its scheduler is current, its loop has produced candidates."""
    files: Files = {}
    for extract in shown(model, version, at):
        path, data = operation.path_of(extract), encode_json(extract)
        files |= {path: data, path + layout.SIG: KEYS[SERVICE].sign(data, layout.REPORT.namespace)}
    return files


def signed(document: msgspec.Struct, path: str, signer: str, kind: Signable) -> Files:
    """Spell a document and sign it."""
    data = spell(document)
    return {path: data, path + layout.SIG: KEYS[signer].sign(data, kind.namespace)}


def signoffs(env: str, subject: Subject, roles: Sequence[str], issued: dt.datetime) -> Files:
    """Sign a subject in some roles."""
    files: Files = {}
    for role in roles:
        word = SignOff(
            schema="bot-core/signoff/v1",
            repository=REPOSITORY,
            environment=env,
            subject=subject,
            role=role,
            signer=SIGNERS[role],
            decision="approve",
            issued=issued,
            expires=issued + VALID[env],
            policy_version=1,
            checklist=_answers(role) if env == "production" and subject.kind == "release" else None,
            conditions={"max_trade_notional": 50_000},
            statement="Read the walk-forward report; residual risk accepted.",
        )
        files |= signed(word, layout.signoff(env, subject, role, SIGNERS[role], issued), SIGNERS[role], layout.SIGNOFF)
    return files


def domain_signoffs(env: str, issued: dt.datetime) -> Files:
    """Sign the domain's limits and rules."""
    return signoffs(env, Subject(kind="domain", name="trade_entry", digest=sha256(DOMAIN)), ("risk", "compliance"), issued)


def minutes_reviews(model: str, issued: dt.datetime) -> Files:
    """Sign the minutes of a model's first day in production."""
    name = f"production.{model}"
    files: Files = {}
    for role in ("risk", "platform", "data"):
        who = SIGNERS[role]
        word = Review(
            schema="bot-core/review/v1",
            repository=REPOSITORY,
            kind="minutes",
            id=name,
            path=layout.MINUTES,
            digest=sha256(MINUTES),
            role=role,
            signer=who,
            decision="approve",
            issued=issued,
        )
        files |= signed(word, f"{layout.reviews('minutes', name)}/{role}.{who}.{layout.stamp(issued)}.yaml", who, layout.REVIEW)
    return files


def environment(env: str, entries: Mapping[str, Entry]) -> Files:
    """Write an environment's desired state."""
    models = sorted(entries.values(), key=lambda entry: entry.model)
    file = Environment(schema="bot-core/environment/v1", environment=env, maintenance=False, models=models)
    return {layout.environment(env): spell(file)}


def _answers(role: str) -> AnsweredChecklist:
    digest = sha256((ROOT / layout.checklist(proposing.CHECKLIST)).read_bytes())
    return AnsweredChecklist(
        id=proposing.CHECKLIST, digest=digest, answers=[Answer(item=item, answer="pass") for item in ANSWERS[role]]
    )
