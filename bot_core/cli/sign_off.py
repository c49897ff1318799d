"""`bot-core sign-off MODEL VERSION --env ENV --role ROLE --signer NAME --key KEY`: read, then sign yes or no."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from bot_core.cli.show import say
from bot_core.errors import ConfigError
from bot_core.governance import writing
from bot_core.governance.desk import Desk
from bot_core.governance.errand import errand
from bot_core.governance.signing import Wish, document, open_items, prepare
from bot_core.reporting.briefing import brief

if TYPE_CHECKING:
    import argparse

    from bot_core.governance.signing import Prepared

EPILOG = """\
  bot-core sign-off eurusd_range VERSION --env production --role risk --signer ann --key ~/.ssh/ann --answer C7=pass
  bot-core sign-off --domain trade_entry --env production --role risk …             limits and rules
  bot-core sign-off eurusd_range VERSION --rollout 5 --env production --role risk … a step of the rollout
  bot-core sign-off … --push --branch promote/…    the whole errand: fetch the branch, show, sign, commit, push; your files stay as they are

it shows what is signed before it asks for the signature. --reject says no; a no stops the release until the same person approves.
"""
LONGEST_DAYS = 36_500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare who says what about which subject."""
    parser.add_argument("model", nargs="?", help="the model; with --domain none")
    parser.add_argument("version", nargs="?", help="its version")
    parser.add_argument("--env", required=True, help="an environment of the policy")
    parser.add_argument("--role", required=True, help="the role you sign in")
    parser.add_argument("--signer", required=True, help="your name in the policy")
    parser.add_argument(
        "--key", required=True, type=Path, help="the private key's file; the public one's with an agent or a hardware key"
    )
    parser.add_argument("--domain", help="sign the limits and rules that the proposal names")
    parser.add_argument("--rollout", type=int, metavar="PERCENT", help="sign a step of the rollout")
    parser.add_argument(
        "--answer", action="append", default=[], metavar="ITEM=pass|waived:UNTIL:REASON", help="answer a checklist item"
    )
    parser.add_argument(
        "--condition", action="append", default=[], metavar="NAME=VALUE", help="a limit you set; the strictest of all counts"
    )
    parser.add_argument("--reject", action="store_true", help="say no")
    parser.add_argument("--statement", help="a sentence that stays with your signature")
    parser.add_argument("--valid-days", type=int, help="how long it holds (default: as long as the policy allows)")
    parser.add_argument("--yes", action="store_true", help="do not ask before signing")
    parser.add_argument("--push", action="store_true", help="fetch the branch, sign there, and push")
    parser.add_argument("--branch", help="with --push: the proposal's branch")
    parser.add_argument("--remote", default="origin", help="with --push: where the branch lives (default: origin)")


def run(arguments: argparse.Namespace) -> int:
    """Show, ask, sign, commit."""
    here = Desk.here()
    if arguments.push and not arguments.branch:
        msg = "--push: expected --branch NAME, the proposal's branch, got none"
        raise ConfigError(msg)
    wish = _wish(arguments)
    with errand(here, arguments.remote, arguments.branch) if arguments.push else nullcontext(here) as desk:
        prepared = prepare(desk, wish)
        if arguments.format == "text":
            print("\n".join(brief(desk, wish, prepared)))
        _require_answers(prepared, wish)
        _ask(arguments)
        word, path = document(desk, wish, prepared)
        writing.require_readable(word, path)
        files = writing.signed(word, path, prepared.kind, arguments.key, desk.crew, desk.now)
        verb = "Reject" if wish.reject else "Approve"
        commit = writing.commit(
            desk.root, files, f"{verb} {prepared.subject.kind} {prepared.subject.name} for {wish.environment} as {wish.role}"
        )
    where = f"pushed to {arguments.branch}" if arguments.push else "committed here"
    say(arguments, {"path": path, "commit": commit, "decision": word.decision}, [f"signed: {path}", f"{where}: {commit[:12]}"])
    return 0


def _wish(arguments: argparse.Namespace) -> Wish:
    if not arguments.domain and not (arguments.model and arguments.version):
        msg = "expected MODEL VERSION, or --domain NAME; got neither"
        raise ConfigError(msg, hint="bot-core sign-off --help")
    return Wish(
        environment=arguments.env,
        role=arguments.role,
        signer=arguments.signer,
        model=arguments.model,
        version=arguments.version,
        domain=arguments.domain,
        percent=arguments.rollout,
        reject=arguments.reject,
        statement=arguments.statement,
        valid=_days(arguments.valid_days) if arguments.valid_days is not None else None,
        answers=dict(_pair(word, "--answer") for word in arguments.answer),
        conditions=dict(_pair(word, "--condition") for word in arguments.condition),
    )


def _days(count: int) -> dt.timedelta:
    if not 1 <= count <= LONGEST_DAYS:
        msg = f"--valid-days: expected 1 to {LONGEST_DAYS}, got {count}"
        raise ConfigError(msg)
    return dt.timedelta(days=count)


def _pair(word: str, option: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name or not value:
        msg = f"{option}: expected NAME=VALUE, got {word}"
        raise ConfigError(msg)
    return name, value


def _require_answers(prepared: Prepared, wish: Wish) -> None:
    """Refuse to sign what would not count."""
    missing = [] if wish.reject else open_items(prepared, wish)
    if missing:
        names = ", ".join(f"{item.id} ({item.text})" for item in missing)
        msg = f"--answer: expected an answer of {wish.role} to {names}; got none"
        raise ConfigError(msg, hint=" ".join(f"--answer {item.id}=pass" for item in missing))


def _ask(arguments: argparse.Namespace) -> None:
    if arguments.yes or not sys.stdin.isatty():
        return
    if input(f"sign this as {arguments.signer}, {arguments.role}? [y/N] ").strip().lower() not in ("y", "yes"):
        msg = "not signed"
        raise ConfigError(msg, hint="nothing was written")
