"""Two assets on a lake: three lines of this are LineageFlow's."""

import dagster as dg
import pandas as pd
from lineageflow_dagster import LineageFlowResource, with_lineageflow


@dg.asset
def orders() -> pd.DataFrame:
    """Any table."""
    return pd.DataFrame({"day": ["mon", "tue"], "amount": [120, 80]})


@dg.asset
def revenue(orders: pd.DataFrame) -> int:
    """Anything that can be pickled."""
    return int(orders["amount"].sum())


lake = LineageFlowResource(lake="lake", repository="shop")
defs = with_lineageflow(dg.Definitions(assets=[orders, revenue]), lake)
