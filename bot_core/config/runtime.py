"""Where a runtime gets the truth from and where it keeps what it knows: `conf/runtime/<name>.yaml`, read without Hydra.

Paths are relative to the working directory. Durations are seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.models import Group, Name, Positive, Share
from bot_core.errors import ConfigError, DocumentError

SETTINGS = Path("conf/runtime/default.yaml")
POLL_S = (0.05, 86_400.0)
"""Between two looks at the repository: a twentieth of a second at least, a day at most."""
GITHUB = "https://api.github.com"


class Protection(Group, frozen=True, kw_only=True):
    """Protective mode: from these shares of features, or of symbols, in critical drift on, risk limits shrink by `factor`."""

    features: Share = 0.5
    symbols: Share = 0.5
    factor: Share = 0.5


class PaperAccount(Group, frozen=True, kw_only=True):
    """The paper autotrader's account: equity in the account's currency, what a fill costs in basis points."""

    equity: Positive = 100_000.0
    spread_bps: Annotated[float, Meta(ge=0.0)] = 1.0
    commission_bps: Annotated[float, Meta(ge=0.0)] = 0.0
    notional: Positive = 1_000.0
    risk_profile: Name = "balanced"


class GitHubSettings(Group, frozen=True, kw_only=True, tag_field="kind", tag="github"):
    """Where pull requests are opened; the token comes from the environment variable, and travels over https or on this machine only."""

    api: Annotated[str, Meta(pattern=r"^(https://[^\s/@?#]+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?)(/[^\s@?#]*)?$")] = GITHUB
    repository: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", description="owner/name")]
    token_env: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "GITHUB_TOKEN"  # noqa: S105  # its name
    base: Annotated[str, Meta(min_length=1)] = "main"


class RuntimeSettings(Group, frozen=True, kw_only=True):
    """One machine's runtime. `routing`: a file of `conf/routing/` by which what runs is watched for drift, value by value."""

    repository: str = "."
    branch: str = "main"
    environment: Name
    policy: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    state: str = "var/models"
    journal: str = "logs/decision_journal/decisions.jsonl"
    fsync: Literal["always", "batch", "os"] = "batch"
    signing_key: str | None = None
    audit: str = "audit/ai_decision"
    poll_s: Annotated[float, Meta(ge=POLL_S[0], le=POLL_S[1])] = 1.0
    fetch_timeout_s: Positive = 20.0
    max_model_age_days: Annotated[int, Meta(ge=1)] = 365
    score_budget_ms: Positive = 50.0
    enforce_monitoring: bool = True
    protection: Protection = Protection()
    paper: PaperAccount = PaperAccount()
    routing: str | None = None
    host: GitHubSettings | None = None


def load_settings(path: Path = SETTINGS) -> RuntimeSettings:
    """Read a runtime's settings.

    Raises:
        ConfigError: missing, or not what the group allows.
    """
    try:
        return convert(load_yaml(read_bytes(path), str(path)), RuntimeSettings, str(path), error=ConfigError)
    except DocumentError as error:
        raise ConfigError(error.message, hint=f"git checkout {SETTINGS}, or name another with --settings") from error
