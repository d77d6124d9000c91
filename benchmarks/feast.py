"""Feast's OpenLineage consumer, as `feast serve_lineage` runs it: the other receiver in Python."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 60.0
"""Seconds until it has to listen: it imports much."""
_STORE = """
project: bench
provider: local
registry: {folder}/registry.db
online_store:
  type: sqlite
  path: {folder}/online.db
openlineage:
  enabled: true
  consumer:
    enabled: true
    store_type: sql
    connection_string: {database}
    retention_days: 0
"""


def is_there() -> bool:
    """Tells whether it is installed."""
    return shutil.which("feast") is not None


@contextmanager
def receiving(database: str) -> Iterator[str]:
    """Runs it over a database, as SQLAlchemy names one, until the end of the block; gives its address."""
    with tempfile.TemporaryDirectory(prefix="lineageflow-feast-") as folder, socket.socket() as free:
        (Path(folder) / "feature_store.yaml").write_text(_STORE.format(folder=folder, database=database))
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
        free.close()
        command = ["feast", "--chdir", folder, "serve_lineage", "--host", host, "--port", str(port)]
        silent = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=silent, stderr=silent) as server:
            try:
                _wait_for(server, host, port)
                yield f"http://{host}:{port}"
            finally:
                server.terminate()


def _wait_for(server: "subprocess.Popen[bytes]", host: str, port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("feast serve_lineage did not start")
