"""The changelog of a model as Markdown, newest release first: `docs/releases/<model>.md`. Rendered, never a source."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from bot_core.reporting.numerals import NONE, count, figure, moment, p_value, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot_core.reporting.changelog import Entry, Figure
    from bot_core.reporting.changelog_approvals import Approval

HEAD = "<!-- Written by `bot-core changelog --write` and `bot-core release` from the archived documents; do not edit. -->"
_SECTION = "\n## "
_MARKUP = re.compile(r"([\\`*\[\]#|~!]|(?<!\w)_|_(?!\w))")


def page_path(model: str) -> str:
    """Return the page of a model."""
    return f"docs/releases/{model}.md"


def page(model: str, entries: Iterable[Entry]) -> str:
    """Render the whole page, newest release first."""
    newest_first = sorted(entries, key=lambda one: one.version, reverse=True)
    return "\n".join([_title(model), *(section(one) for one in newest_first)])


def prepended(old: str | None, model: str, newest: Entry) -> str:
    """Put a release on top of a page as it stands, in place of what the page said of it; begin the page where there is none."""
    others = [text for text in (old or "").split(_SECTION)[1:] if not text.startswith(newest.version)]
    return "\n".join([_title(model), section(newest)]) + "".join(_SECTION + text for text in others)


def has_section(old: str | None, version: str) -> bool:
    """Say whether a page tells of a release."""
    return any(text.startswith(version) for text in (old or "").split(_SECTION)[1:])


def section(one: Entry) -> str:
    """Render one release: what it is, what it is worth, what changed, who approved it."""
    parts = (_head(one), _facts(one), _figures(one), _parameters(one), _approvals(one))
    return "\n".join([f"## {one.version}", "", *(line for part in parts for line in (*part, ""))])


def _title(model: str) -> str:
    return "\n".join([HEAD, "", f"# Releases of {_plain(model)}", ""])


def _head(one: Entry) -> Iterator[str]:
    by = f"by {_named(one.authors)}" if one.authors else "unsigned"
    brought = f", brought by commit `{one.brought_by[:12]}`" if one.brought_by else ""
    yield f"Released {one.released:%Y-%m-%d %H:%M:%S} UTC {by}, trained from commit `{one.commit[:12]}`{brought}."
    yield ""
    yield f"**{'It beats' if one.verdict.beats_baseline else 'It does not beat'} its baseline.** {_verdict(one)}"


def _verdict(one: Entry) -> str:
    duel, loss = one.verdict, one.figures[0]
    how = "lower" if duel.improvement >= 0 else "higher"
    against = f"{figure(loss.model)} against {figure(loss.baseline)} of {_plain(duel.baseline)}"
    return f"{_plain(loss.name)}: {against}, {percent(abs(duel.improvement))} {how}, p {_p(duel.p_value)}."


def _p(value: float) -> str:
    text = p_value(value)
    return text if text.startswith(("<", ">")) else f"= {text}"


def _facts(one: Entry) -> Iterator[str]:
    data = one.data
    rows = f"{count(data.rows)} rows, {moment(data.first)} to {moment(data.last)}"
    trained = f"{count(data.training_rows)} rows, {moment(data.training_first)} to {moment(data.training_last)}"
    yield f"- Data set: {_plain(data.name)}, {rows}; `{data.digest}`"
    yield f"- Trained on: {trained}"
    yield f"- Parameters: {_plain(one.kind)}, {count(one.rounds)} round{'s' * (one.rounds != 1)}, seed {one.seed}; `{one.configuration}`"
    yield f"- Environment: `{one.environment}`"
    yield f"- Manifest: {f'`{one.manifest}`' if one.manifest else 'none; nobody can promote it yet'}"


def _figures(one: Entry) -> Iterator[str]:
    before = f"`{one.before}`" if one.before else "release before"
    yield f"| out of sample | this release | {_plain(one.verdict.baseline)} | {before} | change |"
    yield "| :-- | --: | --: | --: | :-- |"
    for row in one.figures:
        cells = (_spelled(row, row.model), _spelled(row, row.baseline), _spelled(row, row.before))
        yield f"| {_plain(row.name)} | {' | '.join(cells)} | {_change(row)} |"
    if one.before:
        yield "\nEach release on its own rows of then; the baseline on the rows of this one."


def _spelled(row: Figure, value: float | None) -> str:
    return percent(value) if row.is_share else figure(value)


def _change(row: Figure) -> str:
    if row.model is None or row.before is None:
        return NONE
    if row.model == row.before:
        return "equal"
    return "better" if (row.model > row.before) == row.more_is_better else "worse"


def _parameters(one: Entry) -> Iterator[str]:
    if one.before is None:
        yield "The first release: no parameters to compare with."
    elif one.parameters is None:
        yield f"What changed since `{one.before}` cannot be said: a configuration was not archived."
    elif not one.parameters:
        yield f"No parameter changed since `{one.before}`: the same configuration, trained again."
    else:
        yield f"Parameters that changed since `{one.before}`:\n"
        yield "| key | before | now |\n| :-- | :-- | :-- |"
        yield from (f"| {_plain(row.key)} | {_plain(row.before)} | {_plain(row.now)} |" for row in one.parameters)


def _approvals(one: Entry) -> Iterator[str]:
    if not one.approvals:
        yield "Nobody has signed it off yet."
        return
    yield "| environment | role | signed by | answer | when |\n| :-- | :-- | :-- | :-- | :-- |"
    for row in one.approvals:
        when = f"{row.issued:%Y-%m-%d %H:%M} UTC" if row.issued else NONE
        yield f"| {row.environment} | {_plain(row.role)} | {_plain(row.signer)} | {_answer(row)} | {when} |"


def _answer(row: Approval) -> str:
    return f"proves nothing ({row.problem})" if row.problem else row.decision


def _named(people: tuple[str, ...]) -> str:
    return " and ".join(_plain(name) for name in people)


def _plain(text: str) -> str:
    """Escape a text for one line: neither markup nor HTML nor a table's bar gets through."""
    line = escape(" ".join(text.split()), quote=False).replace("&lt; ", "< ")  # `< ` opens no tag
    return _MARKUP.sub(r"\\\1", line)
