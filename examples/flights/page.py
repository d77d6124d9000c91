"""The report as a page: one table of months, one of carriers."""

import pandas as pd

STYLE = "body{font:15px sans-serif} td,th{padding:.2em 1em;text-align:right}"


def render(daily_delays: pd.DataFrame, model_evaluation: pd.DataFrame) -> str:
    """Returns the report as HTML. The same numbers give the same bytes, whenever it is made."""
    minutes = daily_delays["arrival_delay"] * daily_delays["flights"]
    weighted = daily_delays.assign(
        minutes=minutes, month=daily_delays["year"].astype(str) + daily_delays["month"].map("-{:02d}".format)
    )
    months = _mean_delay(weighted, "month").merge(
        model_evaluation[["month", "error"]], on="month", how="left"
    )
    carriers = _mean_delay(weighted, "carrier_name").sort_values("delay", ascending=False)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Delays</title><style>{STYLE}</style>"
        f"<h1>How late were we?</h1>{_table(months)}<h2>By carrier</h2>{_table(carriers)}</html>\n"
    )


def _mean_delay(days: pd.DataFrame, by: str) -> pd.DataFrame:
    sums = days.groupby(by, as_index=False)[["flights", "minutes"]].sum()
    return sums.assign(delay=sums["minutes"] / sums["flights"]).drop(columns="minutes")


def _table(table: pd.DataFrame) -> str:
    head = "".join(f"<th>{name}</th>" for name in table.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>"
        for row in table.itertuples(index=False)
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _cell(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
