"""The program that serves lakes to tests, in an environment that has the server: all of them in one process.

For each line with a folder it begins to serve the lake there, or stops, and says so by a line with the
connection that leads to it. It ends when its input does.
"""

import json
import sys
from contextlib import ExitStack

from lineageflow_core import connect
from tests.server.serving import TOKEN, served


def main() -> None:
    """Serves until standard input is closed."""
    lakes: dict[str, tuple[str, ExitStack]] = {}
    for folder in map(str.rstrip, sys.stdin):
        if folder in lakes:
            address, serving = lakes.pop(folder)
            serving.close()
        else:
            serving = ExitStack()
            address = serving.enter_context(served(connect(folder)))
            lakes[folder] = address, serving
        print(json.dumps({"conn_type": "lineageflow", "host": address, "password": TOKEN}), flush=True)


if __name__ == "__main__":
    main()
