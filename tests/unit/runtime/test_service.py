"""The process that decides, part by part: account, feeds, threads, and what stands beside them."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from bot_core.config.runtime import PaperAccount
from bot_core.errors import AuditError, ConfigError, DocumentError, InputError
from bot_core.runtime.loop import AIDecisionLoop
from bot_core.runtime.records import moment
from bot_core.runtime.service import Account, ServedLoop, attended, beside, feeds_of, followed, maintained, replayed
from tests.gating import META, gated, meta_record
from tests.machine import LAX, MODEL, SETTINGS, WARM, Machine, bars
from tests.unit.runtime.test_loop import HALT
from tests.unit.runtime.test_records import DECISION
from tests.unit.runtime.trading import ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot_core.documents.runtime import Servable
    from bot_core.features.indicators.indicator import Bar
    from bot_core.runtime.records import Decision
    from bot_core.runtime.station import Station


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    found.settings = replace(SETTINGS, state=str(tmp_path / "var/models"))
    return found


def pause_of(station: Station) -> str | None:
    """Say why nothing is traded now."""
    return station.autotrader.paused


def lines(wanted: tuple[Bar, ...]) -> str:
    return "".join(f"{moment(bar.time):%Y-%m-%dT%H:%M:%SZ},{','.join(map(repr, bar[1:]))}\n" for bar in wanted)


def feed(machine: Machine, count: int, name: str = "data/eurusd_1h.csv") -> Path:
    """Write a file of the first bars."""
    path = machine.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("time,open,high,low,close,volume\n" + lines(bars()[:count]))
    return path


def of(machine: Machine, record: Servable, **data: object) -> Servable:
    """Return a record whose archived configuration declares other data."""
    config = json.loads(machine.folder.blob(str(record.config)))
    config["data"] |= data
    return replace(record, config=machine.folder.keep(json.dumps(config).encode()))


def gold(machine: Machine, **changes: object) -> Servable:
    """Return a model of another instrument."""
    record = machine.record(8, model="gold_engine", models=["gold_engine"], **changes)  # type: ignore[arg-type]
    return of(machine, record, instrument="gold", path="data/gold.csv")


# --- the account --------------------------------------------------------------------------------------------------------------------


def test_an_account_goes_on_where_it_was_left(machine: Machine) -> None:
    account = Account.of(machine.settings, ["eurusd"])
    assert account.trader.newest_bar("eurusd") is None
    assert account.path.name == "paper.paper.json"
    assert not account.path.exists()
    account.trader.submit(ORDER)
    account.trader.on_bar("eurusd", bars()[0])
    account.save()
    again = Account.of(machine.settings, ["eurusd"])
    assert again.trader.state() == account.trader.state()
    assert again.trader.newest_bar("eurusd") == bars()[0].time


def test_what_was_traded_once_keeps_its_place(machine: Machine) -> None:
    account = Account.of(machine.settings, ["eurusd", "gold"])
    account.trader.on_bar("gold", bars()[0])
    account.save()
    again = Account.of(machine.settings, ["eurusd"])
    assert again.trader.newest_bar("gold") == bars()[0].time
    assert again.trader.on_bar("gold", bars()[1]) == []


def test_every_environment_has_its_own_account(machine: Machine) -> None:
    account = Account.of(machine.settings, ["eurusd"])
    account.trader.on_bar("eurusd", bars()[0])
    account.save()
    other = Account.of(replace(machine.settings, environment="production"), ["eurusd"])
    assert other.trader.newest_bar("eurusd") is None


def test_the_terms_are_the_machines(machine: Machine) -> None:
    settings = replace(machine.settings, paper=PaperAccount(equity=7_000.0, spread_bps=4.0, commission_bps=1.0))
    account = Account.of(settings, ["eurusd"])
    account.trader.submit(replace(ORDER, decided_price=bars()[0].open))
    (fill,) = account.trader.on_bar("eurusd", bars()[0])
    assert fill.realised_cost_bps == pytest.approx(3.0)
    assert account.trader.snapshot("balanced", DECISION.at).start_of_day_equity == 7_000.0


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"accounts": {}, "extra": 1}'])
def test_a_damaged_account_is_not_begun_anew(machine: Machine, data: bytes) -> None:
    path = Path(machine.settings.state, "paper.paper.json")
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(DocumentError):
        Account.of(machine.settings, ["eurusd"])
    assert path.read_bytes() == data


def test_an_account_that_cannot_be_saved_says_so(machine: Machine) -> None:
    account = Account.of(machine.settings, ["eurusd"])
    Path(machine.settings.state).parent.mkdir()
    Path(machine.settings.state).write_text("a file where the folder should be")
    with pytest.raises(AuditError):
        account.save()


def test_an_order_that_cannot_be_written_down_is_not_taken(machine: Machine) -> None:
    account = Account.of(machine.settings, ["eurusd"])
    account.trader.on_bar("eurusd", bars()[0])
    (blocked := account.path.with_name(f".{account.path.name}.part")).mkdir(parents=True)
    before = account.trader.state()
    with pytest.raises(AuditError):
        account.trader.submit(ORDER)
    assert account.trader.state() == before
    blocked.rmdir()
    account.trader.submit(ORDER)
    assert Account.of(machine.settings, ["eurusd"]).trader.state() == account.trader.state() != before


def test_a_decision_whose_order_cannot_be_written_down_is_none_and_the_next_bar_tries_again(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    account = Account.of(machine.settings, ["eurusd"])
    blocked = account.path.with_name(f".{account.path.name}.part")
    with machine.station(trader=account.trader) as station:
        loop = ServedLoop("eurusd", station)
        loop.warm(bars()[:WARM])
        feed = iter(bars()[WARM:])
        accepted = next(found for found in loop.run(feed) if found.accepted)
        held = account.trader.state().pending
        blocked.mkdir()
        failed = next(found for found in loop.run(feed) if "AUDIT" in found.reasons)
        assert failed.id not in {order.id for order in account.trader.state().pending}
        blocked.rmdir()
        again = next(found for found in loop.run(feed) if found.accepted)
    assert [order.id for order in held] == [accepted.id]
    assert not failed.accepted
    assert again.id in {order.id for order in account.trader.state().pending}
    assert [event["signal_id"] for event in machine.events("outcome") if event["status"] == "cancelled"] == [failed.id]
    assert [type(error) for error in loop.failures] == [AuditError]


# --- the end ------------------------------------------------------------------------------------------------------------------------


def test_at_its_end_the_window_that_is_not_full_is_reported_once(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    with machine.station() as station:
        loop = ServedLoop("eurusd", station)
        loop.warm(bars()[:WARM])
        [*loop.run(bars()[WARM : WARM + 5])]
        assert machine.events("ai_data_quality_report") == []
        loop.close()
        loop.close()
        assert [*loop.failures] == []
    (event,) = machine.events("ai_data_quality_report")
    report = json.loads((machine.root / str(dict(event["metadata"])["report_path"])).read_text())  # type: ignore[call-overload]  # plain JSON
    assert report["window"]["rows"] == 5
    assert machine.events("ai_drift_report") == []


def test_at_its_end_the_meta_label_models_window_is_reported_too(machine: Machine) -> None:
    machine.put(gated(machine), meta_record(machine))
    with machine.station() as station:
        loop = ServedLoop("eurusd", station)
        loop.warm(bars()[:WARM])
        [*loop.run(bars()[WARM : WARM + 5])]
        loop.close()
        assert [*loop.failures] == []
    assert {dict(event["metadata"])["model"] for event in machine.events("ai_data_quality_report")} == {MODEL, META}  # type: ignore[call-overload]  # plain JSON


def test_where_nothing_was_scored_there_is_nothing_to_report_at_the_end(machine: Machine) -> None:
    machine.put(machine.record())
    machine.say(detached=True)
    with machine.station() as station:
        loop = ServedLoop("eurusd", station)
        [*loop.run(bars()[:5])]
        loop.close()
    assert machine.events("ai_data_quality_report") == []


def test_a_last_report_that_cannot_be_written_is_told(machine: Machine) -> None:
    machine.put(machine.record(thresholds=LAX))
    shutil.rmtree(machine.root / "audit")
    (machine.root / "audit").write_text("a file where a folder should be")
    with machine.station() as station:
        loop = ServedLoop("eurusd", station)
        loop.warm(bars()[:WARM])
        [*loop.run(bars()[WARM : WARM + 5])]
        loop.close()
    assert [type(error) for error in loop.failures] == [AuditError]


# --- feeds --------------------------------------------------------------------------------------------------------------------------


def test_every_instrument_that_a_plan_reads_has_a_feed(machine: Machine) -> None:
    machine.put(machine.record(), gold(machine))
    found = feeds_of(machine.plans(), {}, machine.root)
    assert {name: one.config.path for name, one in found.items()} == {"eurusd": "data/eurusd_1h.csv", "gold": "data/gold.csv"}


def test_another_file_than_the_archived_one_may_be_named(machine: Machine) -> None:
    machine.put(machine.record())
    found = feeds_of(machine.plans(), {"eurusd": "live.csv"}, machine.root)
    assert found["eurusd"].config.path == "live.csv"
    with pytest.raises(ConfigError) as caught:
        feeds_of(machine.plans(), {"gold": "live.csv"}, machine.root)
    assert caught.value.message == "--bars: expected one of eurusd; got gold"


def test_where_nothing_is_in_force_there_is_no_feed(machine: Machine) -> None:
    assert feeds_of(machine.plans(), {}, machine.root) == {}
    with pytest.raises(ConfigError, match="no instrument, for no plan reads bars"):
        feeds_of(machine.plans(), {"eurusd": "live.csv"}, machine.root)


def test_what_is_in_force_says_what_is_read_and_not_what_stands_by(machine: Machine) -> None:
    machine.put(machine.record(), fallbacks=[of(machine, machine.record(8), path="data/old.csv")])
    assert feeds_of(machine.plans(), {}, machine.root)["eurusd"].config.path == "data/eurusd_1h.csv"


def test_a_model_that_only_stands_by_has_its_feed(machine: Machine) -> None:
    machine.put(machine.record(), pins=[gold(machine)])
    assert [*feeds_of(machine.plans(), {}, machine.root)] == ["eurusd", "gold"]


@pytest.mark.parametrize("said", [{"detached": True}, {"halts": [HALT]}])
def test_a_model_that_is_stopped_here_keeps_its_feed(machine: Machine, said: dict[str, object]) -> None:
    machine.put(machine.record())
    machine.say(**said)
    assert [*feeds_of(machine.plans(), {}, machine.root)] == ["eurusd"]


# --- replay -------------------------------------------------------------------------------------------------------------------------


def test_a_replay_goes_through_all_instruments_in_the_order_of_their_time(machine: Machine) -> None:
    machine.put(machine.record(), gold(machine))
    feed(machine, 60)
    own = feed(machine, 60, "data/gold.csv")
    own.write_text("".join(line for number, line in enumerate(own.read_text().splitlines(keepends=True)) if number % 3 != 2))
    feeds = feeds_of(machine.plans(), {}, machine.root)
    with machine.station() as station:
        loops = {symbol: AIDecisionLoop(symbol, station) for symbol in feeds}
        decisions = [*replayed(loops, feeds, 12)]
    order = [(decision.bar.time, decision.symbol) for decision in decisions]
    assert order == sorted(order)
    assert [sum(symbol == name for _, symbol in order) for name in ("eurusd", "gold")] == [12, 12]
    assert {decision.arm for decision in decisions} == {"learned"}  # what came before was taken in
    assert [event["signal_id"] for event in machine.events("decision")] == [decision.id for decision in decisions]


def test_a_replay_of_more_than_there_is_is_of_all_there_is(machine: Machine) -> None:
    machine.put(machine.record())
    feed(machine, 30)
    feeds = feeds_of(machine.plans(), {}, machine.root)
    with machine.station() as station:
        assert len([*replayed({"eurusd": AIDecisionLoop("eurusd", station)}, feeds, 10_000)]) == 30


@pytest.mark.parametrize(("more", "decided"), [(0, 0), (2, 2), (9, 5)])
def test_a_second_replay_decides_on_no_bar_again(machine: Machine, more: int, decided: int) -> None:
    machine.put(machine.record())
    feed(machine, 40)
    feeds = feeds_of(machine.plans(), {}, machine.root)
    with machine.station() as station:
        newest = station.autotrader.newest_bar
        [*replayed({"eurusd": AIDecisionLoop("eurusd", station)}, feeds, 5, newest)]
        feed(machine, 40 + more)
        again = [*replayed({"eurusd": AIDecisionLoop("eurusd", station)}, feeds, 5, newest)]
    assert len(again) == decided
    assert {decision.arm for decision in again} <= {"learned"}


def test_a_replay_without_its_file_is_an_error(machine: Machine) -> None:
    machine.put(machine.record())
    feeds = feeds_of(machine.plans(), {}, machine.root)
    with machine.station() as station, pytest.raises(InputError):
        [*replayed({"eurusd": AIDecisionLoop("eurusd", station)}, feeds, 5)]


# --- following ----------------------------------------------------------------------------------------------------------------------


def until_quiet(file: Path, *added: str) -> Callable[[], bool]:
    """Say when to stop: after these lines were added, one at a time, and nothing more came."""
    left, next_one = list(added), time.monotonic() + 0.3

    def stop() -> bool:
        nonlocal next_one
        if time.monotonic() < next_one:
            return False
        if not left:
            return True
        with file.open("a") as out:
            out.write(left.pop(0))
        next_one = time.monotonic() + 0.3
        return False

    return stop


def test_only_bars_that_come_are_decided_on(machine: Machine) -> None:
    machine.put(machine.record())
    path = feed(machine, 30)
    (one,) = feeds_of(machine.plans(), {}, machine.root).values()
    stop = until_quiet(path, lines(bars()[30:31]), lines(bars()[31:33]))
    with machine.station() as station:
        decisions = [*followed(AIDecisionLoop("eurusd", station), one, None, stop)]
    assert [decision.bar for decision in decisions] == [*bars()[30:33]]
    assert {decision.arm for decision in decisions} == {"learned"}


def test_after_a_restart_it_goes_on_after_the_last_bar(machine: Machine) -> None:
    machine.put(machine.record())
    path = feed(machine, 40)
    (one,) = feeds_of(machine.plans(), {}, machine.root).values()
    with machine.station() as station:
        decisions = [*followed(AIDecisionLoop("eurusd", station), one, bars()[35].time, until_quiet(path))]
    assert [decision.bar for decision in decisions] == [*bars()[36:40]]


@pytest.mark.parametrize("there", ["", "time,open,hi", "time,open,high,low,close,volume\n"])
def test_a_file_without_a_bar_is_waited_for(machine: Machine, there: str) -> None:
    machine.put(machine.record())
    path = feed(machine, 0)
    header = path.read_text()
    path.write_text(there)
    (one,) = feeds_of(machine.plans(), {}, machine.root).values()
    stop = until_quiet(path, header[len(there) :] + lines(bars()[:1]), lines(bars()[1:2]))
    with machine.station() as station:
        decisions = [*followed(AIDecisionLoop("eurusd", station), one, None, stop)]
    assert [decision.bar for decision in decisions] == [*bars()[:2]]


def test_a_last_line_that_is_torn_is_not_written_yet(machine: Machine) -> None:
    machine.put(machine.record())
    path = feed(machine, 30)
    torn = lines(bars()[30:31])
    (one,) = feeds_of(machine.plans(), {}, machine.root).values()
    for half in (torn[:9], torn[:-5], torn[:-1]):  # the last one reads as a bar, and is none yet either
        path.write_text(path.read_text() + half)
        stop = until_quiet(path, torn[len(half) :] + lines(bars()[31:32]))
        with machine.station() as station:
            decisions = [*followed(AIDecisionLoop("eurusd", station), one, None, stop)]
        assert [decision.bar for decision in decisions] == [*bars()[30:32]]
        feed(machine, 30)


def test_a_feed_with_a_bar_that_is_none_ends_there(machine: Machine) -> None:
    machine.put(machine.record())
    path = feed(machine, 30)
    (one,) = feeds_of(machine.plans(), {}, machine.root).values()
    stop = until_quiet(path, lines(bars()[30:31]), lines(bars()[29:30]), lines(bars()[31:32]))
    with machine.station() as station, pytest.raises(InputError):
        [*followed(AIDecisionLoop("eurusd", station), one, None, stop)]
    assert [event["price"] for event in machine.events("decision")] == [bars()[30].close]


# --- threads ------------------------------------------------------------------------------------------------------------------------


class BrokenError(Exception):
    """No failure that anybody expected."""


def endless(stop: threading.Event) -> Iterator[Decision]:
    while not stop.wait(0.01):
        yield DECISION


def failing(error: Exception, after: int = 2) -> Iterator[Decision]:
    yield from [DECISION] * after
    raise error


def test_a_feed_that_ends_with_an_error_ends_alone() -> None:
    stop, told = threading.Event(), list[str]()

    def note(decision: Decision) -> None:
        told.append(decision.id)
        if len(told) > 20:
            stop.set()

    errors = attended({"a": failing(InputError("a: no such bar")), "b": endless(stop)}, note, stop)
    assert [error.message for error in errors] == ["a: no such bar"]
    assert len(told) > 20


def test_a_fault_stops_every_feed_and_is_raised() -> None:
    stop = threading.Event()
    with pytest.raises(BrokenError):
        attended({"a": failing(BrokenError()), "b": endless(stop)}, lambda _: None, stop)
    assert stop.is_set()


def test_who_is_told_may_fail_too() -> None:
    def told(_: Decision) -> None:
        msg = "paper.json: no space"
        raise AuditError(msg)

    errors = attended({"a": iter([DECISION, DECISION])}, told, threading.Event())
    assert [error.message for error in errors] == ["paper.json: no space"]


def none(_: object) -> None:
    """Give nothing back."""


def test_what_runs_beside_ends_with_the_block() -> None:
    ended, stop, looks = threading.Event(), threading.Event(), list[int]()

    def work() -> None:
        while not ended.wait(0.001):
            looks.append(1)

    with beside(work, ended, stop):
        while len(looks) < 3:
            time.sleep(0.001)
        assert not stop.is_set()
    count = len(looks)
    time.sleep(0.02)
    assert len(looks) == count


def test_a_fault_beside_stops_everything_and_is_raised() -> None:
    ended, stop = threading.Event(), threading.Event()

    def work() -> None:
        raise BrokenError

    with pytest.raises(BrokenError), beside(work, ended, stop):
        assert stop.wait(5.0)


def test_an_error_within_the_block_is_the_error() -> None:
    ended, stop = threading.Event(), threading.Event()
    with pytest.raises(InputError, match="no such bar"), beside(lambda: none(ended.wait()), ended, stop):
        next(failing(InputError("no such bar"), 0))


def test_maintenance_pauses_within_a_second_without_a_bar(machine: Machine) -> None:
    record = machine.record(thresholds=LAX)
    machine.put(record)
    stop = threading.Event()
    with machine.station() as station, maintained(station, stop) as failures:
        station.autotrader.submit(ORDER)
        machine.put(record, maintenance=True)
        began = time.monotonic()
        while pause_of(station) is None:
            assert time.monotonic() - began < 5.0
            time.sleep(0.005)
        assert time.monotonic() - began < 1.0
        machine.put(record)
        while pause_of(station) is not None:
            assert time.monotonic() - began < 5.0
            time.sleep(0.005)
        assert failures == []
    assert [(event["status"], event["signal_id"]) for event in machine.events("outcome")] == [("cancelled", ORDER.id)]
