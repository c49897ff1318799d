"""`bot-core meta-label events MODEL`: a model's signals, out of sample, as the table that a meta-label model learns from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot_core._digest import sha256
from bot_core._parse import convert, write_bytes
from bot_core.cli.show import say
from bot_core.config.events import Barriers
from bot_core.config.load import load_config, load_events
from bot_core.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from bot_core.config.models import PipelineConfig

ROSTER = Path("params.yaml")
_OPTIONS = ("horizon", "volatility_window", "profit", "loss")

EPILOG = """\
  bot-core meta-label events decision_engine
  bot-core meta-label events msft_direction --horizon 10 --profit 2 --output data/msft_events.parquet

a signal is a bar at which a walk-forward fit takes a side; each is followed to its end, a barrier or the horizon. What is not given
comes from the model's entry under `events` in params.yaml; without one the horizon is that of the model's target. The model's bars and
its configuration are read: dvc repro compose@MODEL composes it. The stage `events` of dvc.yaml does the same for every such entry.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the model, the table and the barriers."""
    parser.add_argument("model", metavar="MODEL", help="a model of bars in params.yaml that says where a price goes")
    parser.add_argument(
        "--output", type=Path, default=Path("data/events.parquet"), help="the table, Parquet (default: %(default)s)"
    )
    parser.add_argument("--horizon", type=int, metavar="BARS", help="bars after which a trade is over")
    parser.add_argument("--volatility-window", type=int, metavar="BARS", help="bars that the volatility is of (default: 20)")
    parser.add_argument("--profit", type=float, metavar="X", help="volatilities from the price to the profit barrier (default: 1)")
    parser.add_argument("--loss", type=float, metavar="X", help="volatilities from the price to the loss barrier (default: 1)")


def run(arguments: argparse.Namespace) -> int:
    """Write the table, and say what is in it."""
    from bot_core.metalabel.events import build_events, read_bars  # noqa: PLC0415  # what learns, which help does not need

    config = load_config(Path("build", arguments.model, "config.json"))
    bars = read_bars(config)
    table = build_events(bars, config, _barriers(arguments, config))
    data = table.to_parquet(index=False)
    write_bytes(arguments.output, data)
    facts = _facts(arguments, table, data)
    say(arguments, facts, _lines(facts))
    return 0


def _barriers(arguments: argparse.Namespace, config: PipelineConfig) -> Barriers:
    """Take what is given, then what `params.yaml` declares for this model, then the horizon of the model's own target."""
    entries = [entry for entry in load_events(ROSTER).values() if entry.model == arguments.model]
    declared = {name: getattr(entries[0].barriers, name) for name in _OPTIONS} if entries else {}
    known: dict[str, object] = {"horizon": getattr(config.target, "horizon", None)} | declared
    given = {name: getattr(arguments, name) for name in _OPTIONS if getattr(arguments, name) is not None}
    return convert(known | given, Barriers, "meta-label events", error=ConfigError)


def _facts(arguments: argparse.Namespace, table: pd.DataFrame, data: bytes) -> dict[str, object]:
    first, last = table["time"].iloc[[0, -1]]
    return {
        "output": str(arguments.output),
        "digest": sha256(data),
        "model": arguments.model,
        "events": len(table),
        "long": int((table["side"] > 0.0).sum()),
        "first": _utc(first),
        "last": _utc(last),
        "last_end": _utc(table["event_end"].max()),
        "paid": float(table["meta_label"].mean()),
        "mean_payoff_bps": float(table["payoff"].mean()),
    }


def _utc(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _lines(facts: dict[str, object]) -> list[str]:
    return [
        f"{facts['output']}: {facts['events']:,} signals of {facts['model']}, {facts['long']:,} of them long",
        f"{facts['first']} to {facts['last']}, ends known up to {facts['last_end']}",
        f"{facts['paid']:.1%} paid more than their costs; all of them {facts['mean_payoff_bps']:+.3g} bps on average, after costs",
    ]
