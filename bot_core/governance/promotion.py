"""A promotion is one commit that changes one line of desired state; a rollback restores what stood before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot_core._digest import sha256
from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.documents.domain import Domain
from bot_core.documents.environment import Entry, Environment
from bot_core.errors import ConfigError, DocumentError
from bot_core.governance import layout
from bot_core.governance.reading import parse, spell
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from bot_core.documents.policy import EnvironmentPolicy
    from bot_core.governance.snapshot import View

DOMAINS = "conf/decision"


def compose_domain(root: Path, model: str, name: str | None) -> Domain:
    """Read `conf/decision/<name>.yaml`; without a name, the one that lists the model.

    Raises:
        ConfigError: none or several list the model, or the file is no domain.
    """
    folder = root / DOMAINS
    paths = [folder / f"{name}.yaml"] if name else sorted(folder.glob("*.yaml"))
    found = [domain for path in paths if model in (domain := _domain(path)).models]
    if len(found) != 1:
        got = ", ".join(domain.name for domain in found) or "none"
        msg = f"{DOMAINS}: expected one domain that lists {model} under models, got {got}"
        raise ConfigError(msg, hint=f"add {model} to one of {DOMAINS}/*.yaml, or choose with --domain NAME")
    return found[0]


def _domain(path: Path) -> Domain:
    try:
        raw = load_yaml(read_bytes(path), str(path))
    except DocumentError as error:
        raise ConfigError(error.message, hint=f"ls {DOMAINS}") from error
    plain = {"schema": "bot-core/domain/v1", "name": path.stem, **(raw if isinstance(raw, dict) else {"": raw})}
    return convert(plain, Domain, str(path), error=ConfigError)


def desired(view: View, environment: str) -> Environment:
    """Read an environment's file; where there is none, an empty one."""
    path = layout.environment(environment)
    data = view.read(path)
    if data is None:
        return Environment(schema="bot-core/environment/v1", environment=environment, maintenance=False)
    return parse(data, Environment, path, comments=True)


def promoted(view: View, rules: EnvironmentPolicy, model: str, version: str, domain: Domain, rollout: int | None) -> Environment:
    """Put a release into an environment's desired state: at the policy's first step, or at the step asked.

    Raises:
        Refused: REL-DIGEST: there is no signed release of that name; ROLLOUT-STEP.
    """
    path = layout.manifest(model, version)
    data = view.read(path)
    if data is None:
        hint = f"bot-core release {model} --author NAME --key KEY, commit, then promote"
        raise Refused("REL-DIGEST", path, f"{path}: expected a committed manifest, got no file", hint)
    now = desired(view, rules.name)
    before = now.entry(model)
    fallback = "rules" if before is None else before.fallback if before.version == version else before.version
    entry = Entry(
        model=model,
        version=version,
        release=sha256(data),
        domain=layout.domain(domain.name, sha256(spell(domain))),
        rollout=_step(rules, before, version, rollout),
        fallback=fallback,
    )
    return with_entry(now, entry)


def with_entry(file: Environment, entry: Entry) -> Environment:
    """Replace or add a model's entry, models in order of name."""
    others = [other for other in file.models if other.model != entry.model]
    return msgspec.structs.replace(file, models=sorted([*others, entry], key=lambda e: e.model))


def without_entry(file: Environment, model: str) -> Environment:
    """Remove a model's entry: its rules decide."""
    return msgspec.structs.replace(file, models=[entry for entry in file.models if entry.model != model])


def _step(rules: EnvironmentPolicy, before: Entry | None, version: str, asked: int | None) -> int:
    """Choose the percent: what was asked, else what stands, else the policy's first step (100 where it has none)."""
    if asked is not None:
        if rules.rollout and asked not in rules.rollout.steps:
            steps = ", ".join(map(str, rules.rollout.steps))
            raise Refused(
                "ROLLOUT-STEP",
                layout.environment(rules.name),
                f"--rollout: expected one of {steps}; got {asked}",
                "take one of the steps",
            )
        return asked
    if before is not None and before.version == version:
        return before.rollout
    return min(rules.rollout.steps) if rules.rollout else 100
