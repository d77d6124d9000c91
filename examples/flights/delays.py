"""The model: a flight's delay on arrival from what is known before it leaves."""

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

NAMES = ["carrier", "origin"]
NUMBERS = ["month", "hour", "distance", "seats", "temp", "wind_speed", "precip", "visib"]
SAMPLE = 20_000
"""Flights to learn from: enough for a story."""


def train(flights: pd.DataFrame) -> Pipeline:
    """Returns a model that is fitted to a sample of `flights`."""
    sample = flights.sample(min(SAMPLE, len(flights)), random_state=0)
    names = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(
        make_column_transformer((names, NAMES), remainder="passthrough"),
        HistGradientBoostingRegressor(loss="absolute_error", max_iter=30, random_state=0),
    )
    model.fit(sample[NAMES + NUMBERS], sample["arr_delay"])
    return model


def evaluate(model: Pipeline, flights: pd.DataFrame) -> pd.DataFrame:
    """Returns, by month, the mean absolute error in minutes: the model's, and that of guessing 'on time'."""
    predicted = flights.assign(predicted=model.predict(flights[NAMES + NUMBERS]))
    rows = [
        {
            "month": f"{year}-{month:02d}",
            "flights": len(group),
            "mean_delay": group["arr_delay"].mean(),
            "error": mean_absolute_error(group["arr_delay"], group["predicted"]),
            "error_of_a_guess": group["arr_delay"].abs().mean(),
        }
        for (year, month), group in predicted.groupby(["year", "month"])
    ]
    return pd.DataFrame(rows)
