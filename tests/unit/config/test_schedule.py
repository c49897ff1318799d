from __future__ import annotations

from pathlib import Path

import pytest

from bot_core._parse import convert, load_yaml, read_bytes
from bot_core.config.schedule import Proposal, ScheduleConfig
from bot_core.errors import ConfigError

CRON = "30 22 * * 5"


def read(**given: object) -> ScheduleConfig:
    return convert(given, ScheduleConfig, "here", error=ConfigError)


def test_either_an_interval_or_a_line_of_cron() -> None:
    assert read(every="7d") == ScheduleConfig(every="7d")
    found = read(cron=CRON, timezone="America/New_York", calendar="XNYS")
    assert (found.cron, found.timezone, found.calendar, found.proposal) == (CRON, "America/New_York", "XNYS", Proposal())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "expected either every or cron, got neither"),
        ({"every": "7d", "cron": CRON}, f"expected either every or cron, got both 7d and {CRON}"),
        ({"every": "7d", "calendar": "XNYS"}, "expected calendar beside cron alone, got XNYS beside every: 7d"),
        ({"every": "0d"}, "expected every to be between 1s and 3650d, got 0d"),
        ({"every": "3651d"}, "expected every to be between 1s and 3650d, got 3651d"),
        ({"every": f"{10**30}w"}, "expected every to be between 1s and 3650d"),
        ({"every": "weekly"}, "every: expected "),
        ({"cron": "30 22 * *"}, "expected five fields of cron such as 30 22 * * 5, got '30 22 * *'"),
        ({"cron": "0 30 22 * * 5"}, "expected five fields of cron"),
        ({"cron": "@weekly"}, "expected five fields of cron"),
        ({"cron": CRON, "timezone": "New York"}, "expected an IANA time zone such as America/New_York, got 'New York'"),
        ({"cron": CRON, "timezone": "Mars/Olympus"}, "expected an IANA time zone"),
        ({"cron": CRON, "timezone": "../etc/passwd"}, "expected an IANA time zone"),
        ({"cron": CRON, "timezone": "Europe"}, "expected an IANA time zone"),
        ({"every": "7d", "dayly": True}, "got the unknown key dayly"),
        ({"every": "7d", "proposal": {"require": "best"}}, "proposal.require: expected one of better, not_worse; got 'best'"),
        ({"every": "7d", "proposal": {"confidence": 1.0}}, "proposal.confidence: expected "),
        ({"every": "7d", "proposal": {"margin": -0.1}}, "proposal.margin: expected "),
        ({"every": "7d", "proposal": {"least_rows": 0}}, "proposal.least_rows: expected "),
        ({"every": "7d", "proposal": {"share_new": 1.1}}, "proposal.share_new: expected "),
    ],
)
def test_what_is_no_schedule_is_refused_in_a_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**given)
    assert sentence in caught.value.message.replace("here: E", "e")


@pytest.mark.parametrize("path", sorted(Path("conf/schedule").glob("*.yaml")), ids=str)
def test_every_choice_spells_out_every_key_so_that_an_entry_may_set_each(path: Path) -> None:
    said = load_yaml(read_bytes(path), str(path))
    assert isinstance(said, dict)
    assert list(said) == list(ScheduleConfig.__struct_fields__)
    assert list(said["proposal"]) == list(Proposal.__struct_fields__)
    assert convert(said, ScheduleConfig, str(path)).proposal == Proposal()
