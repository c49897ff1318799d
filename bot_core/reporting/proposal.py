"""The text of a challenger's pull request: what was proven, what changes, who must sign, and which commands come next. Markdown.

Pure: the same documents give the same text. It is for people and decides nothing; the gate reads the files themselves.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from bot_core.governance import quorum
from bot_core.reporting.differences import figures_table, parameters_table
from bot_core.reporting.numerals import NONE, count, figure, percent
from bot_core.reporting.wording import answers, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot_core.documents.artifact import Trained
    from bot_core.documents.contest import ContestReport
    from bot_core.documents.policy import EnvironmentPolicy, Policy
    from bot_core.documents.walk_forward import WalkForwardReport
    from bot_core.reporting.evidence import Evidence
    from bot_core.reporting.table import Table

LONGEST_TITLE = 72
_MARKUP = re.compile(r"([\\`*\[\]#|~!]|(?<!\w)_|_(?!\w))")
_WORDS = {"better": "better", "not_worse": "not worse", "unproven": "unproven", "worse": "worse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The model that decides now: its artifact, its walk-forward report and its composed configuration."""

    version: str
    trained: Trained
    walk_forward: WalkForwardReport
    config: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is proposed.

    Args:
        environment: where the challenger is to decide first.
        branch: where it stands; it was pushed to `remote`.
        version: the challenger's release.
        evidence: the documents of its build.
        config: its composed configuration.
        contest: the comparison with the champion.
        champion: the model that decides now; None: there is none.
        policy: the repository's; None: it has none yet.
        authors: who signed the release and wrote it; nobody: it is unsigned.
        rows_added: rows that came before training.
        note: what else is to be said of them.
        remote: where the branch was pushed.
        base: the protected branch.
    """

    environment: str
    branch: str
    version: str
    evidence: Evidence
    config: Mapping[str, object]
    contest: ContestReport
    champion: Champion | None
    policy: Policy | None
    authors: tuple[str, ...] = ()
    rows_added: int = 0
    note: str = ""
    remote: str = "origin"
    base: str = "main"

    @property
    def stages(self) -> list[EnvironmentPolicy]:
        """What the policy asks, in order: of the environment that a release must have been active in before, and of this one."""
        rules = self.policy.environment(self.environment) if self.policy else None
        before = self.policy.environment(rules.after.environment) if self.policy and rules and rules.after else None
        return [stage for stage in (before, rules) if stage is not None]


@dataclass(frozen=True, slots=True)
class Text:
    """A pull request's title, 72 characters at most, and its body."""

    title: str
    body: str


def proposal_text(case: Case) -> Text:
    """Write the text of a challenger's pull request."""
    sections = (_head(case), _evidence(case), _figures(case), _parameters(case), _rows(case), _signers(case), _commands(case))
    return Text(_title(case), "\n".join(line for section in sections for line in (*section, "")))


def _title(case: Case) -> str:
    word = _WORDS[case.contest.verdict] if case.champion else f"first, {_WORDS[case.contest.verdict]}"
    rest = f" {case.version}: {word}"
    model, room = case.evidence.model, LONGEST_TITLE - len("Retrain ") - len(rest)
    return f"Retrain {model if len(model) <= room else f'{model[: room - 1]}…'}{rest}"


def _head(case: Case) -> Iterator[str]:
    against = f"the champion is `{case.champion.version}`" if case.champion else "there is no champion yet"
    yield f"`{case.evidence.model}` was trained again: `{case.version}`; {against}."
    yield ""
    yield f"**{_WORDS[case.contest.verdict].capitalize()}.** {_plain(case.contest.reason)}"


def _evidence(case: Case) -> Iterator[str]:
    """Show the verdicts with the sentences that back them, the comparison first."""
    yield "## Evidence\n"
    yield "| question | answer | why |\n| :-- | :-- | :-- |"
    yield f"| Is it as good as the champion? | **{_WORDS[case.contest.verdict]}** | {_plain(_compared(case))} |"
    for answer in (verdict(case.evidence), *answers(case.evidence)):
        yield f"| {_plain(answer.question)} | **{_plain(answer.word)}** | {_plain(answer.sentence)} |"


def _compared(case: Case) -> str:
    contest = case.contest
    rival = "the champion's" if case.champion else "the best naive baseline's"
    loss = f"Its {contest.loss} loss is {figure(contest.challenger_loss)} against {rival} {figure(contest.champion_loss)}"
    if contest.low is None or contest.high is None:
        return f"{loss}, on {count(contest.rows)} rows; there is no interval."
    span = f"{figure(contest.low, sign=True)} to {figure(contest.high, sign=True)}"
    rows = f"the same {count(contest.rows)} rows in {len(contest.windows)} window{'s' * (len(contest.windows) != 1)}"
    gain = f"a gain of {figure(contest.difference, sign=True)}, {percent(contest.confidence, decimals=0)} interval {span}"
    return f"{loss}, on {rows}: {gain}. Asked: {_asked(contest)}."


def _asked(contest: ContestReport) -> str:
    if contest.require == "better":
        return "an interval above zero"
    return f"an interval above {figure(-contest.margin * contest.champion_loss)} ({percent(contest.margin)} of the champion's loss)"


def _figures(case: Case) -> Iterator[str]:
    champion, trained, report = case.champion, case.evidence.trained, case.evidence.walk_forward
    old = (champion.trained.metrics.test, champion.walk_forward.pooled) if champion else (None, None)
    parts = {"test": (old[0], trained.metrics.test), "walk-forward": (old[1], report.pooled)}
    unit = "" if report.task == "classification" else report.unit
    yield "## Figures\n"
    yield from _markdown(figures_table(parts, unit, ""))
    yield ""
    if champion and (champion.walk_forward.task, champion.walk_forward.unit) != (report.task, report.unit):
        yield f"**The champion predicts something else**: its errors are in {_plain(champion.walk_forward.unit)}.\n"
    yield "Each model on its own rows of then and now; only the comparison under *Evidence* is on the same rows."


def _parameters(case: Case) -> Iterator[str]:
    yield "## Parameters that differ\n"
    if case.champion is None:
        yield "There is no champion to compare with."
        return
    table = parameters_table(case.champion.config, case.config)
    yield from _markdown(table) if table.rows else ["None: the same configuration, trained again."]


def _rows(case: Case) -> Iterator[str]:
    quality = case.evidence.quality
    yield "## Rows\n"
    yield f"- {count(case.rows_added)} came; {count(quality.rows)} now, {quality.first} to {quality.last}."
    yield f"- As declared, the newest should be {quality.as_of}."
    if case.note:
        yield f"- {_plain(case.note)}"


def _signers(case: Case) -> Iterator[str]:
    yield "## Who must sign\n"
    if case.policy is None or not case.stages:
        missing = "no policy yet" if case.policy is None else f"a policy without the environment {_plain(case.environment)}"
        yield f"The repository has {missing}: nobody can approve it. `bot-core policy init --help`"
        return
    for stage in case.stages:
        yield from _asked_by(stage, _able(case.policy, stage, case.authors))
        yield from _conditions(case, stage)
        yield ""


def _asked_by(rules: EnvironmentPolicy, able: Mapping[str, list[str]]) -> Iterator[str]:
    yield f"{_plain(rules.name).capitalize()} asks for:\n"
    yield "| role | approvals | who may |\n| :-- | --: | :-- |"
    for role, places in rules.approvals.items():
        yield f"| {_plain(role)} | {places} | {_plain(', '.join(able[role])) or NONE} |"
    yield ""
    if lacking := quorum.missing(rules.approvals, able, distinct=rules.distinct_people):
        roles = ", ".join(f"{places} more in {role}" for role, places in lacking.items())
        yield f"- **It cannot be met**: {_plain(roles)} would be needed. `bot-core policy propose`"


def _able(policy: Policy, rules: EnvironmentPolicy, authors: tuple[str, ...]) -> dict[str, list[str]]:
    """Name, for each role, the people who may sign in it."""
    barred = set() if rules.author_may_sign else set(authors)
    return {
        role: [person.name for person in policy.people if role in person.roles and person.name not in barred]
        for role in rules.approvals
    }


def _conditions(case: Case, rules: EnvironmentPolicy) -> Iterator[str]:
    if rules.distinct_people:
        yield "- Nobody fills two places."
    if not rules.author_may_sign:
        yield f"- Who wrote it may not approve it: {_plain(', '.join(case.authors)) or 'the release is unsigned, so nobody is named yet'}."
    if rules.max_sign_to_merge_days is not None:
        yield f"- A signature counts for {rules.max_sign_to_merge_days} days until the merge."
    if rules.checklist is not None:
        yield f"- The checklist {_plain(rules.checklist.id)} is answered with `--answer ITEM=pass`; the command asks for what is missing."
    if rules.after is not None:
        yield f"- It must have been active in {_plain(rules.after.environment)} for {rules.after.days} days."


def _commands(case: Case) -> Iterator[str]:
    """Spell the commands from here to the merge, in their order; where two environments are passed, those for the first."""
    named, branch, remote = f"{case.evidence.model} {case.version}", shlex.quote(case.branch), shlex.quote(case.remote)
    first = case.stages[0] if case.stages else None
    environment = first.name if first else case.environment
    yield "## Next\n"
    yield "```bash"
    yield f"git fetch {remote} {branch} && git switch {branch}"
    if not case.authors:
        yield f"bot-core release {case.evidence.model} --author NAME --key KEY   # signs the manifest; then commit it"
    yield f"bot-core promote {named} --env {environment}"
    yield f"git push {remote} {branch}"
    for role in first.approvals if first else ("ROLE",):
        yield f"bot-core sign-off {named} --env {environment} --role {role} --signer NAME --key KEY --push --branch {branch}"
    yield "```\n"
    yield f"`bot-core gate --base {_plain(case.base)}` says what is missing. Nothing decides before this is merged with its signatures."
    if environment != case.environment:
        yield f"Then, in a pull request of its own, `bot-core promote {named} --env {case.environment}`."


def _markdown(table: Table) -> Iterator[str]:
    yield "| " + " | ".join(_plain(column.name) for column in table.columns) + " |"
    yield "| " + " | ".join("--:" if column.kind == "figures" else ":--" for column in table.columns) + " |"
    for row in table.rows:
        yield "| " + " | ".join(_plain(cell) for cell in row.cells) + " |"


def _plain(text: str) -> str:
    """Escape a text for one line: neither markup nor HTML nor a table's bar gets through."""
    line = escape(" ".join(text.split()), quote=False).replace("&lt; ", "< ")  # `< ` opens no tag
    return _MARKUP.sub(r"\\\1", line)
