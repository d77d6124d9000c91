"""The gates: each stops the run, and with it the publication. None of them looks at how large a delay is."""

import dagster as dg
import pandas as pd

from examples.flights.assets import (
    ByMonth,
    clean_flights,
    flights_weather,
    model_evaluation,
    raw_flights,
)


@dg.asset_check(asset=raw_flights, blocking=True)
def every_day_is_there(raw_flights: ByMonth) -> dg.AssetCheckResult:
    """A month has flights on each of its days."""
    missing = {
        month: pd.Period(month).days_in_month - table["day"].nunique() for month, table in raw_flights.items()
    }
    return _result({month: days for month, days in missing.items() if days})


@dg.asset_check(asset=raw_flights, blocking=True)
def distances_are_positive(raw_flights: ByMonth) -> dg.AssetCheckResult:
    """No flight goes a distance of zero miles or less."""
    wrong = {month: int((table["distance"] <= 0).sum()) for month, table in raw_flights.items()}
    return _result({month: rows for month, rows in wrong.items() if rows})


@dg.asset_check(asset=clean_flights, blocking=True)
def most_flights_are_kept(clean_flights: ByMonth) -> dg.AssetCheckResult:
    """Cleaning leaves at least ten thousand flights in a month."""
    rows = {month: len(table) for month, table in clean_flights.items()}
    return _result({month: count for month, count in rows.items() if count < 10_000})


@dg.asset_check(asset=flights_weather, blocking=True)
def weather_is_known(flights_weather: ByMonth) -> dg.AssetCheckResult:
    """At most one flight in twenty is without weather."""
    share = {month: float(table["temp"].isna().mean()) for month, table in flights_weather.items()}
    return _result({month: value for month, value in share.items() if value > 0.05})


@dg.asset_check(asset=model_evaluation, blocking=True)
def every_month_is_evaluated(model_evaluation: pd.DataFrame) -> dg.AssetCheckResult:
    """The model was tried on at least a thousand flights of each month, and its error is a number."""
    flights = model_evaluation.dropna(subset="error").set_index("month")["flights"]
    return _result({month: count for month, count in dict(flights).items() if count < 1_000})


def _result(problems: dict[str, int] | dict[str, float]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not problems, metadata={"by_month": dg.MetadataValue.json(dict(problems))}
    )
