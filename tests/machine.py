"""A machine that decides, without git: a state folder with compact real models as if they had been proven, its journal, its account."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from bot_core._parse import convert, encode_json, load_yaml
from bot_core.ai.plan import compile_plan
from bot_core.config.models import CsvBars
from bot_core.config.runtime import RuntimeSettings
from bot_core.documents.domain import Domain, Rule
from bot_core.documents.runtime import Active, Control, Servable
from bot_core.governance.reading import spell
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans, InForce
from bot_core.runtime.bars import read_bars
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.paper import PaperAutotrader, PaperTerms
from bot_core.runtime.station import Station
from bot_core.runtime.writer import JournalWriter
from tests.compact import ROOT, built, write_compact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bot_core.ai.plan import Plan
    from bot_core.decision.ports import Inference, ModelScore
    from bot_core.features.indicators.indicator import Bar
    from bot_core.runtime.autotrader import Autotrader

MODEL = "decision_engine"
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
SOURCE = convert(load_yaml((ROOT / "conf/data/eurusd_1h.yaml").read_bytes(), "eurusd_1h"), CsvBars, "eurusd_1h")
SETTINGS = RuntimeSettings(environment="paper", fsync="os")
TERMS = PaperTerms(equity={"balanced": 100_000.0}, symbols=("eurusd", "gold"), spread_bps=1.0)
WARM = 24
"""Bars until the compact models' features are there."""

SKIP = Rule(when="always", action="skip")
ENTER = Rule(when="always", action="enter")
DOMAIN = Domain(
    schema="bot-core/domain/v1",
    name="trade_entry",
    purpose="Open or skip a position on the next bar.",
    models=[MODEL],
    actions=["enter", "skip"],
    thresholds={
        "max_cost_bps": "15",
        "min_net_edge_bps": "0",
        "min_probability": "0.4",
        "max_daily_loss_pct": "0.02",
        "max_drawdown_pct": "0.1",
        "max_position_ratio": "0.5",
        "max_open_positions": "5",
    },
    rules=[SKIP],
)
LAX = DOMAIN.thresholds | {
    "min_probability": "0",
    "max_position_ratio": "1000",
    "max_daily_loss_pct": "0.99",
    "max_drawdown_pct": "0.99",
}
"""Limits that let everything pass from which a return is expected."""


@cache
def bars() -> tuple[Bar, ...]:
    """Return the real bars that the compact models learned from."""
    return tuple(read_bars(SOURCE, ROOT))


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: dt.datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        """Return the time."""
        return self.now


class Behind:
    """An `Inference` in front of a real one: it answers as that does, unless a subclass makes it do something else."""

    def __init__(self, inner: Inference) -> None:
        self.inner = inner
        self.artifact = inner.artifact  # type: ignore[attr-defined]  # a real plan's
        self.asked = 0

    @property
    def is_ready(self) -> bool:
        """Whether the real one is."""
        return self.inner.is_ready

    @property
    def feature_names(self) -> Sequence[str]:
        """What the real one reads."""
        return self.inner.feature_names

    def score(self, features: Mapping[str, float]) -> ModelScore:
        """Ask the real one."""
        self.asked += 1
        return self.inner.score(features)


class PlansBehind(ActivePlans):
    """What is in force, every model behind something."""

    def __init__(self, folder: StateFolder, clock: Clock, wrap: Callable[[Inference], Inference]) -> None:
        super().__init__(folder, clock=clock, look_s=0.0)
        self.wrap = wrap
        self.wrapped: dict[int, Plan] = {}
        self.seen: tuple[InForce, InForce] | None = None

    def current(self) -> InForce:
        """Return what is in force, wrapped once for each plan."""
        state = super().current()
        if self.seen is None or self.seen[0] is not state:
            self.seen = state, dataclasses.replace(state, plans={name: self._of(plan) for name, plan in state.plans.items()})
        return self.seen[1]

    def _of(self, plan: Plan) -> Plan:
        if id(plan) not in self.wrapped:
            self.wrapped[id(plan)] = dataclasses.replace(plan, inference=self.wrap(plan.inference))  # type: ignore[arg-type]
        return self.wrapped[id(plan)]


@dataclasses.dataclass
class Machine:
    """A root under which everything lies; nothing is in force before `put`."""

    root: Path
    settings: RuntimeSettings = SETTINGS
    clock: Clock = dataclasses.field(default_factory=Clock)
    traders: list[PaperAutotrader] = dataclasses.field(default_factory=list)

    @property
    def folder(self) -> StateFolder:
        """The state folder."""
        return StateFolder(self.root / "var/models")

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.root / "logs/decisions.jsonl"

    # --- what is in force ---

    def domain(self, **changes: object) -> str:
        """Keep a domain with these changes; return its digest."""
        return self.folder.keep(spell(replace(DOMAIN, **changes)))

    def record(
        self, seed: int = 7, *, model: str = MODEL, rollout: int = 100, cost_bps: float | None = None, **domain: object
    ) -> Servable:
        """Keep all that a compact release needs; the keywords change its domain, `cost_bps` what a round trip costs."""
        created = NOW - dt.timedelta(days=1, seconds=seed)
        version = write_compact(self.root, model, created, seed=seed)
        found = built(model, seed)
        config = json.loads(found.config)
        if cost_bps is not None:
            config["validation"]["round_trip_cost_bps"] = cost_bps
        return Servable(
            model=model,
            version=version,
            release=self.folder.keep(version.encode()),
            artifact=self.folder.keep((self.root / f"models/{model}/{version}.json").read_bytes()),
            domain=self.domain(**domain),
            config=self.folder.keep(encode_json(config)),
            drift=self.folder.keep(found.reports["drift"]),
            rollout=rollout,
            commit="0" * 40,
        )

    def put(self, *plans: Servable, **changes: object) -> Active:
        """Put plans in force, and their rules beside them."""
        rules = {plan.model: plan.domain for plan in plans}
        active = Active(environment="paper", commit="c" * 40, verified=NOW, plans=list(plans), rules=rules)
        self.folder.write(active := replace(active, **changes))
        return active

    def say(self, **changes: object) -> None:
        """Say something on this machine."""
        self.folder.change(lambda control: msgspec.structs.replace(control, **changes))

    def control(self) -> Control:
        """Return what is said on this machine."""
        return self.folder.control()

    def plan(self, record: Servable) -> Plan:
        """Compile a plan."""
        return compile_plan(record, self.folder.blob, clock=self.clock)

    # --- deciding ---

    def plans(self, wrap: Callable[[Inference], Inference] | None = None) -> ActivePlans:
        """Follow the state folder, at every look; `wrap` puts something in front of each model."""
        return PlansBehind(self.folder, self.clock, wrap) if wrap else ActivePlans(self.folder, clock=self.clock, look_s=0.0)

    @contextlib.contextmanager
    def station(
        self, *, wrap: Callable[[Inference], Inference] | None = None, trader: Autotrader | None = None, **writer: object
    ) -> Iterator[Station]:
        """Open the journal and give what loops decide with."""
        journal = JsonlTradingDecisionJournal(self.journal, fsync=self.settings.fsync)
        with JournalWriter(journal, **writer) as open_writer:  # type: ignore[arg-type]  # capacity and wait
            yield Station(self.plans(wrap), open_writer, trader or PaperAutotrader(TERMS), self.settings, self.clock, self.root)

    @contextlib.contextmanager
    def loop(self, **station: object) -> Iterator[AIDecisionLoop]:
        """Open the journal and give a loop of the euro; see `station` for the keywords."""
        with self.station(**station) as opened:  # type: ignore[arg-type]  # its keywords
            yield AIDecisionLoop("eurusd", opened)

    def events(self, kind: str | None = None) -> list[dict[str, object]]:
        """Return the events in the journal, of a kind or all."""
        lines = self.journal.read_bytes().splitlines() if self.journal.exists() else []
        found = [json.loads(line)["event"] for line in lines]
        return [event for event in found if kind in (None, event["event_type"])]
