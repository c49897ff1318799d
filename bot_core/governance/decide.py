"""May this release decide in this environment? One pure function answers, for the gate, the reconciler, status and the audit alike.

Evidence (ages, lead times, minutes, machine-decided items, the checklist) is judged as of the commit that set the entry's release; the
expiry of sign-offs, revocations and halts are judged now. An entry that returned by a rollback is judged as of its own activation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core.documents.domain import Domain
from bot_core.documents.environment import Environment
from bot_core.documents.policy import Policy
from bot_core.documents.signoff import Subject
from bot_core.governance import approvals, checklists, evidence, layout, learned, sshsig, stages
from bot_core.governance.alerts import open_alerts
from bot_core.governance.bench import Bench, expiry
from bot_core.governance.interventions import Memory, halted, restrictions
from bot_core.governance.reading import parse, read
from bot_core.governance.reasons import Reason, Refused, Verdict, worst
from bot_core.governance.signoffs import Asked, collect
from bot_core.governance.snapshot import as_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from bot_core.documents.environment import Entry
    from bot_core.documents.governed import Value
    from bot_core.governance.checklists import Questions
    from bot_core.governance.evidence import Release
    from bot_core.governance.reading import Verify
    from bot_core.governance.signoffs import Role
    from bot_core.governance.snapshot import View
    from bot_core.governance.stages import Standing


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one entry: `reasons` against it (none: it may decide), `notes` on documents that count for nothing, and the matrix.

    `conditions` are merged over the signers, the most restrictive of each; `expires` is when the first sign-off ends.
    """

    environment: str
    model: str
    version: str
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...] = ()
    roles: tuple[Role, ...] = ()
    conditions: Mapping[str, Value] = field(default_factory=dict)
    standing: Standing | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of the reasons."""
        return worst(self.reasons)

    @property
    def state(self) -> str:
        """Say where the entry stands: what git desires may decide (Synced), waits for people (Pending), or may not (Refused)."""
        return {Verdict.ALLOW: "Synced", Verdict.PENDING: "Pending"}.get(self.verdict, "Refused")

    @property
    def expires(self) -> dt.datetime | None:
        """When the first sign-off ends."""
        return min((role.expires for role in self.roles if role.expires), default=None)


def decide(  # the contract of the design page
    view: View,
    environment: str,
    policy: Policy,
    now: dt.datetime,
    *,
    models: frozenset[str] | None = None,
    memory: Memory | None = None,
    verify: Verify = sshsig.verify,
) -> list[Decision]:
    """Judge the entries of an environment.

    Args:
        view: files and since when they are there.
        environment: which one.
        policy: the trusted one.
        now: the time.
        models: only these; all when nothing is said.
        memory: halts and revocations seen before, whatever git says now.
        verify: proves a signature.

    Raises:
        Refused: the environment's file is no such document, or the policy does not know the environment.
    """
    path = layout.environment(environment)
    file = read(view, path, Environment, comments=True)
    rules = policy.environment(environment)
    if file is None:
        return []
    if rules is None:
        known = ", ".join(rules.name for rules in policy.environments)
        raise Refused(
            "POLICY-MISSING",
            path,
            f"{path}: expected an environment of the policy ({known}), got {environment}",
            "bot-core policy propose",
        )
    require_plain(file, path, environment)
    limits = restrictions(view, policy, rules, memory or Memory(), verify)
    bench = Bench(view, policy, rules, limits, now, verify)
    return [judge(bench, entry) for entry in file.models if models is None or entry.model in models]


def require_plain(file: Environment, path: str, environment: str) -> None:
    """Prove that a file is of its environment and names each model once.

    Raises:
        Refused: CANON.
    """
    names = [entry.model for entry in file.models]
    if file.environment != environment:
        raise Refused("CANON", path, f"{path}: environment: expected {environment}, got {file.environment}", "git log the file")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused("CANON", path, f"{path}: models: expected each model once, got {twice} twice", "keep one entry")


def judge(bench: Bench, entry: Entry) -> Decision:
    """Judge one entry."""
    found = Decision(bench.rules.name, entry.model, entry.version, ())
    try:
        return _judged(bench, entry)
    except Refused as problem:
        stops = halted(entry, bench.rules.name, bench.limits.stopping(entry))
        return Decision(found.environment, found.model, found.version, (problem.reason, *stops))


def _judged(bench: Bench, entry: Entry) -> Decision:
    view, rules = bench.view, bench.rules
    stand = stages.standing(view, rules, entry, bench.limits.crew, bench.verify)
    manifest = evidence.load(view, entry.model, entry.version, entry.release, bench.limits.crew, bench.verify)
    evidence.require_artifact(view, manifest.document, bench.policy)
    reports, wrong = evidence.read_reports(view, manifest.document)
    release = evidence.Release(manifest, reports)
    domain = _domain(view, entry)
    questions = _questions(bench, release, stand.judged)
    collected = collect(view, bench.limits.crew, _asked(bench, entry, release, questions, stand), bench.verify)
    reasons = [
        *wrong,
        *_restricted(bench, entry),
        *learned.revoked_members(manifest.document, bench.limits.revoked),
        *evidence.judge_reports(view, release, rules, stand.judged),
        *open_alerts(view, rules, entry, bench.limits.crew, bench.verify),
        *(checklists.failures(view, questions) if questions else ()),
        *_stages(bench, entry, stand, release.authors),
        *approvals.limits(bench, entry, domain, stand, release.authors),
        *approvals.rollout(bench, entry, stand, release.authors),
        *approvals.approvals(bench, entry, collected),
    ]
    conditions, disagreement = approvals.merged(collected)
    seen = questions.running.notes if questions and questions.running else ()
    notes = tuple(reason for reason in (*seen, *(reason for _, reason in collected.refused)) if reason not in reasons)
    final = tuple(dict.fromkeys([*reasons, *disagreement]))
    return Decision(rules.name, entry.model, entry.version, final, notes, collected.roles, conditions, stand)


def _restricted(bench: Bench, entry: Entry) -> list[Reason]:
    path = layout.manifest(entry.model, entry.version)
    gone = entry.release in bench.limits.revoked
    revoked = (
        [Reason("REVOKED", path, f"{path}: expected a release that counts, got a revoked one", "promote another release")]
        if gone
        else []
    )
    return [*revoked, *halted(entry, bench.rules.name, bench.limits.stopping(entry))]


def _domain(view: View, entry: Entry) -> Domain:
    path = entry.domain
    data = view.read(path)
    if (
        data is None
        or layout.classify(path) != "add_only"
        or path.rsplit("/", 1)[-1] != f"{sha256(data).removeprefix('sha256:')}.yaml"
    ):
        got = "no file" if data is None else sha256(data)
        raise Refused(
            "REL-DIGEST", path, f"{path}: expected a domain file named by its content, got {got}", "bot-core promote writes it"
        )
    domain = parse(data, Domain, path)
    if path != layout.domain(domain.name, sha256(data)) or entry.model not in domain.models:
        message = f"{path}: expected the domain of {entry.model}, got {domain.name} of {', '.join(domain.models)}"
        raise Refused("LIMITS", path, message, "name the model in conf/decision/, then bot-core promote")
    return domain


def _questions(bench: Bench, release: Release, judged: dt.datetime) -> Questions | None:
    """Load the checklist that the policy named when the release was set."""
    then = as_of(bench.view, layout.POLICY, judged)
    policy = bench.policy if then is None or judged >= bench.now else parse(then, Policy, layout.POLICY, comments=True)
    rules = policy.environment(bench.rules.name)
    return checklists.ask(bench.view, rules, release, bench.limits.crew, judged, bench.verify) if rules else None


def _asked(bench: Bench, entry: Entry, release: Release, questions: Questions | None, stand: Standing) -> Asked:
    subject = Subject(kind="release", name=entry.model, version=entry.version, digest=entry.release)
    return Asked(subject, bench.rules, bench.rules.approvals, expiry(bench, stand), release.authors, questions)


def _stages(bench: Bench, entry: Entry, stand: Standing, authors: frozenset[str]) -> Iterator[Reason]:
    yield from stages.wrong_fallback(bench.rules.name, entry, stand)
    if bench.rules.after is not None:
        yield from stages.was_before(bench.view, bench.rules.after, entry, stand.judged)
    if bench.rules.go_live is not None and stages.first_activation(bench.view, bench.rules.name, entry, stand.judged):
        yield from stages.minutes_missing(bench.view, bench.rules, entry, stand.judged, authors, bench.limits.crew, bench.verify)
