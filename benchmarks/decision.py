"""A whole decision beside one bare call of `Booster.predict`: a bar's features, the score, the monitor, the limits, the record on its way.

What is compared: `AIDecisionLoop.decide` on the real hourly bars of EURUSD, one after another: 18 features from the bar, the checks, 200
trees of 31 leaves through the breaker and the monitor, the probability, every limit, the account's snapshot, and the record handed to the
journal's writer. The peer is `Booster.predict` of the same trees on the same features as a (1, 18) array made beforehand, one thread. Left
out on both sides is what comes after the decision: waiting for the disk and the autotrader. The median is of single decisions, wall clock
of the thread that decides; the writer's thread runs meanwhile, as it does in service. "With all that it causes": CPU time of the whole
process, the writer's lines, hashes and writes included, by decision.
"Start": a process that reads a state folder, compiles and proves its plan, warms the features up on a year of bars and decides, beside one
that does nothing but `import lightgbm`. Medians of interleaved runs.
"""

from __future__ import annotations

import datetime as dt
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import lightgbm as lgb
import msgspec
import numpy as np
import yaml

from benchmarks.gate_sides.clock import CLOCKS, in_turn
from benchmarks.measure import Figure, publish
from benchmarks.predictor import IMPORT, process
from bot_core._parse import convert, encode_json
from bot_core.ai.predictor import Predictor
from bot_core.config.models import CsvBars, ForwardReturn, IndicatorFeatures
from bot_core.config.runtime import RuntimeSettings
from bot_core.data.ohlcv import load_bars
from bot_core.documents.artifact import GoldenVector, ModelArtifact, TreeState
from bot_core.documents.domain import Domain
from bot_core.documents.runtime import Active, Servable
from bot_core.features.engineer import FeatureEngineer
from bot_core.features.spec import FeatureSpec
from bot_core.governance.reading import spell
from bot_core.governance.state import StateFolder
from bot_core.runtime.active import ActivePlans
from bot_core.runtime.bars import read_bars
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.paper import PaperAutotrader, PaperTerms
from bot_core.runtime.station import Station
from bot_core.runtime.writer import JournalWriter
from tests.compact import Built, built, stamped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bot_core.features.indicators.indicator import Bar

ROOT = Path(__file__).parents[1]
NOW = dt.datetime.now(dt.UTC)
MODEL, WARM, ROUNDS, STARTS = "decision_engine", 1_000, 5, 7
MOST, LEAST_A_SECOND, MOST_START = 0.9, 20_000, 0.3
BOOSTER = "Booster.predict, one thread"
LIMITS = {
    "max_cost_bps": "15",
    "min_net_edge_bps": "5",
    "min_probability": "0.58",
    "max_daily_loss_pct": "0.02",
    "max_drawdown_pct": "0.1",
    "max_position_ratio": "0.2",
    "max_open_positions": 5,
}
STARTED = """
import sys
from pathlib import Path
from bot_core.config.runtime import RuntimeSettings
from bot_core.governance.state import StateFolder
from bot_core.runtime import service
from bot_core.runtime.active import ActivePlans
from bot_core.runtime.journal import JsonlTradingDecisionJournal
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.station import Station
from bot_core.runtime.writer import JournalWriter
root = Path(sys.argv[1])
settings = RuntimeSettings(environment="paper", state=str(root), journal=str(root / "decisions.jsonl"))
plans = ActivePlans(StateFolder(root))
feeds = service.feeds_of(plans, {}, Path(%r))
account = service.Account.of(settings, list(feeds))
with JournalWriter(JsonlTradingDecisionJournal(settings.journal, fsync="os")) as writer:
    loop = AIDecisionLoop("eurusd", Station(plans, writer, account.trader, settings, root=root))
    (decision,) = service.replayed({"eurusd": loop}, feeds, 1)
assert decision.arm == "learned", decision
"""


def main() -> None:
    """Measure, print, write."""
    model = prepared()
    with TemporaryDirectory() as folder:
        state = StateFolder(Path(folder))
        put_in_force(state, model)
        figures = [*deciding(state, model), *starting(state)]
    publish("decision", figures)


@dataclass(frozen=True)
class Model:
    """Trees in an artifact, the same trees in their own library, and (n, 18) real features."""

    artifact: ModelArtifact
    booster: lgb.Booster
    rows: NDArray[np.float64]
    config: bytes
    drift: bytes


def prepared() -> Model:
    """Learn 200 trees of 31 leaves from the real hourly features; everything else of the release is that of the compact model."""
    features = yaml.safe_load((ROOT / "conf/features/bars_hourly.yaml").read_text())
    made: Built = built(MODEL, 7, features=msgspec.json.encode(features).decode())
    data = msgspec.json.decode(made.config)["data"]
    bars = load_bars(convert(data, CsvBars, "data"))
    spec = FeatureSpec.of(convert(features, IndicatorFeatures, "features"))
    rows = FeatureEngineer(bars).build_dataset(spec, ForwardReturn(horizon=4)).labelled()
    options = {"num_leaves": 31, "num_threads": 1, "seed": 1, "verbosity": -1, "min_data_in_leaf": 5}
    booster = lgb.train(options, lgb.Dataset(rows.values, rows.targets, feature_name=list(spec.names)), 200)
    artifact = stamped(made, NOW)
    calibrated = Predictor(lambda _: 0.0, artifact.calibration).probability
    found = [float(p) for p in np.asarray(booster.predict(rows.values[:16], num_threads=1))]
    pairs = zip(rows.values[:16], found, strict=True)
    golden = [GoldenVector(features=row.tolist(), prediction=p, probability=calibrated(p)) for row, p in pairs]
    trees = msgspec.structs.replace(artifact, model_state=TreeState(text=booster.model_to_string()), golden=golden)
    return Model(trees, booster, rows.values, made.config, made.reports["drift"])


def put_in_force(state: StateFolder, model: Model) -> None:
    """Write the state folder that a reconciler would have written."""
    rules = [{"when": "always", "action": "skip"}]
    plain = {"schema": "bot-core/domain/v1", "name": "trade_entry", "purpose": "Benchmark.", "models": [MODEL]}
    domain = convert({**plain, "actions": ["enter", "skip"], "thresholds": LIMITS, "rules": rules}, Domain, "domain")
    record = Servable(
        model=MODEL,
        version=model.artifact.metadata.version,
        release=state.keep(b"release"),
        artifact=state.keep(encode_json(model.artifact)),
        domain=state.keep(spell(domain)),
        config=state.keep(model.config),
        drift=state.keep(model.drift),
        rollout=100,
        commit="0" * 40,
    )
    state.write(Active(environment="paper", commit="0" * 40, verified=NOW, plans=[record], rules={MODEL: record.domain}))


def deciding(state: StateFolder, model: Model) -> list[Figure]:
    """Time decisions and bare predictions in turn."""
    bars = list(read_bars(convert(msgspec.json.decode(model.config)["data"], CsvBars, "data"), ROOT))
    rounds = [(decisions(state, bars), predictions(model)) for _ in range(ROUNDS)]
    one = median(ours for (ours, _, _), _ in rounds), median(peer for _, (peer, _) in rounds)
    all_of_it = median(ours for (_, ours, _), _ in rounds), median(peer for _, (_, peer) in rounds)
    rate = 1.0 / all_of_it[0]
    return [
        at_most("one decision, median, wall (ratio: ours / peer)", one, MOST),
        untargeted("one decision with all that it causes, CPU (ratio: ours / peer)", all_of_it),
        Figure(
            figure="decisions per second of one core, with all that they cause (ratio: ours / peer)",
            unit="1/s",
            ours=rate,
            peer=1.0 / all_of_it[1],
            peer_name=BOOSTER,
            ratio=rate * all_of_it[1],
            target=f">= {LEAST_A_SECOND:,}/s",
            met=rate >= LEAST_A_SECOND,
        ),
    ]


def decisions(state: StateFolder, bars: Sequence[Bar]) -> tuple[float, float, int]:
    """Decide on all bars but the first thousand; return the median of one, the CPU seconds by decision, and how many a model made."""
    with running(state) as loop, TemporaryDirectory():
        loop.warm(bars[:WARM])
        in_force = loop.in_force()
        for bar in bars[WARM : WARM + 200]:
            loop.decide(bar, in_force)
        took, made, clock = [], 0, time.perf_counter
        began = time.process_time()
        for bar in bars[WARM + 200 :]:
            start = clock()
            ((decision, _),) = loop.decide(bar, in_force)
            took.append(clock() - start)
            made += decision.arm == "learned"
    spent = (time.process_time() - began) / len(took)
    return median(took), spent, made


@contextmanager
def running(state: StateFolder) -> Iterator[AIDecisionLoop]:
    """Make a loop as the service does; its journal is written and closed when the block ends."""
    settings = RuntimeSettings(environment="paper", enforce_monitoring=False)
    terms = PaperTerms(equity={settings.paper.risk_profile: 100_000.0}, symbols=("eurusd",), spread_bps=1.0)
    with TemporaryDirectory() as folder:
        journal = JsonlTradingDecisionJournal(Path(folder, "decisions.jsonl"), fsync="os")
        with JournalWriter(journal, capacity=1_000_000) as writer:
            station = Station(ActivePlans(state), writer, PaperAutotrader(terms), settings, root=Path(folder))
            yield AIDecisionLoop("eurusd", station)


def predictions(model: Model) -> tuple[float, float]:
    """Predict as many rows one by one; return the median of one and the CPU seconds by prediction."""
    rows = [row[None, :] for row in model.rows[:WARM]]
    predict, took, clock = partial(model.booster.predict, num_threads=1), [], time.perf_counter
    began = time.process_time()
    for row in rows:
        start = clock()
        predict(row)
        took.append(clock() - start)
    return median(took), (time.process_time() - began) / len(rows)


def starting(state: StateFolder) -> list[Figure]:
    """Compare whole processes from start to first decision."""
    with TemporaryDirectory() as folder:
        bytecode = Path(folder)
        ours, peer = (partial(process, code, state.root, bytecode) for code in (STARTED % str(ROOT), f"{IMPORT}\nimport sys\n"))
        costs = in_turn({"ours": ours, "peer": peer}, STARTS)
        loaded = ours(), peer()
    figures = [
        Figure(
            figure=f"process start to first decision: {clock} (ratio: ours / peer)",
            unit="s",
            ours=costs["ours"][i],
            peer=costs["peer"][i],
            peer_name=f"python -c '{IMPORT}'",
            ratio=costs["ours"][i] / costs["peer"][i],
            target=f"<= {MOST_START:g}x",
            met=costs["ours"][i] <= MOST_START * costs["peer"][i],
        )
        for i, clock in enumerate(CLOCKS)
    ]
    heavy = Figure(
        figure="heavy libraries loaded by the first decision (count; ratio: ours / peer)",
        unit="libraries",
        ours=loaded[0],
        peer=loaded[1],
        peer_name=IMPORT,
        ratio=loaded[0] / loaded[1],
        target="= 0",
        met=loaded[0] == 0,
    )
    return [*figures, heavy]


def at_most(figure: str, times: tuple[float, float], bound: float) -> Figure:
    """Make a figure of two times in seconds whose ratio, ours / peer, has an upper bound."""
    found = untargeted(figure, times)
    return msgspec.structs.replace(found, target=f"<= {bound:g}x", met=found.ratio <= bound)


def untargeted(figure: str, times: tuple[float, float]) -> Figure:
    """Make a figure of two times in seconds."""
    ours, peer = (each * 1e6 for each in times)
    return Figure(figure=figure, unit="us", ours=ours, peer=peer, peer_name=BOOSTER, ratio=ours / peer, target="none", met=True)


if __name__ == "__main__":
    main()
