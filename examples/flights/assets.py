"""The assets: plain Dagster. All that they say of LineageFlow is that the report is a page.

Assets with partitions take several months at once (`BackfillPolicy.single_run`), so a backfill of half a year
is one run, and either all of it is published or nothing.
"""

import warnings

import dagster as dg
import pandas as pd
import pyarrow as pa
from sklearn.pipeline import Pipeline

from examples.flights import upstream
from examples.flights.delays import evaluate, train
from examples.flights.page import render

warnings.filterwarnings("ignore", category=dg.BetaWarning)  # backfill policies are beta in Dagster 1.13

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2013-01", end_date="2014-01", fmt="%Y-%m")
"""A partition is a month."""

ByMonth = dict[str, pd.DataFrame]
MINUTES = {"minutes": 1, "hours": 60}


class Ingest(dg.Config):
    """What we agreed with the registry. The second field is where the story goes wrong."""

    delivery: str = "first"
    """What to ask for: 'first', 'corrected', 'damaged'."""
    delay_unit: str = "minutes"
    """The unit that delays are delivered in; we keep minutes."""


@dg.asset(
    partitions_def=MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="ingest",
    owners=["team:registry"],
)
def raw_flights(context: dg.AssetExecutionContext, config: Ingest) -> ByMonth:
    """Flights as delivered, delays in minutes."""
    delivery, minutes = upstream.Delivery(config.delivery), MINUTES[config.delay_unit]
    delays = ["dep_delay", "arr_delay"]
    tables = {month: upstream.flights(month, delivery) for month in context.partition_keys}
    return {
        month: table.assign(**{name: table[name] * minutes for name in delays})
        for month, table in tables.items()
    }


@dg.asset(
    partitions_def=MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="ingest",
    owners=["team:registry"],
)
def raw_weather(context: dg.AssetExecutionContext) -> ByMonth:
    """Hourly weather at the three airports."""
    return {month: upstream.weather(month) for month in context.partition_keys}


@dg.asset(group_name="ingest", owners=["team:registry"])
def planes() -> pd.DataFrame:
    """Aircraft by tail number."""
    return upstream.planes()


@dg.asset(group_name="ingest", owners=["team:registry"])
def airlines() -> pa.Table:
    """Carriers by code."""
    return upstream.airlines()


@dg.asset(group_name="ingest", owners=["team:registry"])
def airports() -> pa.Table:
    """Airports by FAA code."""
    return upstream.airports()


@dg.asset(
    partitions_def=MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="refine",
    owners=["team:engineering"],
)
def clean_flights(raw_flights: ByMonth) -> ByMonth:
    """Flights that took off and landed: without those that were cancelled or diverted."""
    columns = ["year", "month", "day", "hour", "carrier", "flight", "tailnum", "origin", "dest", "distance"]
    delays = ["dep_delay", "arr_delay"]
    return {
        month: table.dropna(subset=delays)[[*columns, *delays]].reset_index(drop=True)
        for month, table in raw_flights.items()
    }


@dg.asset(
    partitions_def=MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="refine",
    owners=["team:engineering"],
)
def flights_weather(clean_flights: ByMonth, raw_weather: ByMonth, planes: pd.DataFrame) -> ByMonth:
    """Each flight with the weather in the hour that it was to leave in, and the size of its aircraft."""
    hour = ["origin", "year", "month", "day", "hour"]
    weather = ["temp", "wind_speed", "precip", "visib"]
    seats = planes[["tailnum", "seats"]]
    return {
        month: table.merge(raw_weather[month][[*hour, *weather]], on=hour, how="left").merge(
            seats, on="tailnum", how="left"
        )
        for month, table in clean_flights.items()
    }


@dg.asset(
    partitions_def=MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="report",
    owners=["team:operations"],
)
def daily_delays(clean_flights: ByMonth, airlines: pd.DataFrame, airports: pd.DataFrame) -> ByMonth:
    """Delays in minutes by day, carrier and airport."""
    carriers = airlines.set_index("carrier")["name"]
    places = airports.set_index("faa")["name"]
    return {month: _daily(table, carriers, places) for month, table in clean_flights.items()}


@dg.asset(group_name="model", owners=["team:science"])
def delay_model(flights_weather: pd.DataFrame) -> Pipeline:
    """Predicts a flight's delay on arrival. It learns from all months there are, up to the 24th of each."""
    return train(flights_weather[flights_weather["day"] <= 24])


@dg.asset(group_name="model", owners=["team:science"])
def model_evaluation(delay_model: Pipeline, flights_weather: pd.DataFrame) -> pd.DataFrame:
    """How far off the model is, by month, on the days that it has not seen."""
    return evaluate(delay_model, flights_weather[flights_weather["day"] > 24])


@dg.asset(group_name="report", owners=["team:operations"], metadata={"lineageflow/format": "html"})
def report(daily_delays: pd.DataFrame, model_evaluation: pd.DataFrame) -> str:
    """What the people in operations open at nine in the morning."""
    return render(daily_delays, model_evaluation)


def _daily(flights: pd.DataFrame, carriers: "pd.Series[str]", airports: "pd.Series[str]") -> pd.DataFrame:
    days = flights.groupby(["year", "month", "day", "carrier", "origin"], as_index=False).agg(
        flights=("flight", "size"),
        departure_delay=("dep_delay", "mean"),
        arrival_delay=("arr_delay", "mean"),
        late=("arr_delay", lambda delays: (delays > 15).mean()),
    )
    return days.assign(carrier_name=days["carrier"].map(carriers), airport_name=days["origin"].map(airports))
