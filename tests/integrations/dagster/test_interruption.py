"""A run whose process does not live to its end publishes nothing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lineageflow_core.model.run import RunState, Transaction, TransactionState
from tests.integrations.dagster.conftest import Shop, open_shop
from tests.integrations.dagster.shop import ALL_DAYS, shop_job

pytestmark = pytest.mark.slow


def run_until_it_hangs(shop: Shop, folder: Path, signal_number: signal.Signals) -> Transaction:
    """Starts a run in a process of its own, and ends that while its second step is under way."""
    marker = folder / "marker"
    process = subprocess.Popen([sys.executable, "-m", __name__, str(folder), str(marker)])
    try:
        while not marker.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal_number)
        process.wait(60)
    finally:
        process.kill()
        process.wait()
    (transaction,) = shop.catalog.transactions.list_transactions("shop").items
    return transaction


def test_a_run_that_is_interrupted_is_discarded(shop: Shop, tmp_path: Path) -> None:
    before = shop.repository.head()
    transaction = run_until_it_hangs(shop, tmp_path, signal.SIGINT)
    assert transaction.state is TransactionState.DISCARDED
    assert shop.repository.head() == before
    assert shop.catalog.lineage.get_run(transaction.run_id).run.state is RunState.FAILED


def test_a_run_that_is_killed_leaves_nothing_but_an_open_transaction(shop: Shop, tmp_path: Path) -> None:
    before = shop.repository.head()
    transaction = run_until_it_hangs(shop, tmp_path, signal.SIGKILL)
    assert transaction.state is TransactionState.OPEN
    assert shop.repository.head() == before
    assert "orders" in shop.datasets(f"run:{transaction.run_id}")


if __name__ == "__main__":
    trouble = {"totals": {"fails": "hangs", "marker": sys.argv[2]}}
    open_shop(Path(sys.argv[1])).run(shop_job, ops=trouble, tags=ALL_DAYS)
