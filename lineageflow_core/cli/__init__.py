"""The command `lineageflow` (`lflow`): thin over the handles and the Catalog; no semantics live here.

This is the one part of the core that reads the environment and the terminal. This module stays light: the
commands are imported only when one is to run.
"""

import gc
import sys
from collections.abc import Sequence

DISTRIBUTION = "lineageflow-core"
PROGRAM = "lineageflow"
_COLLECTED_AFTER = 300_000
"""New objects after which Python looks for cycles. By default it does so often that a short run is a sixth
longer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code; `arguments` are those of the process by default."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    gc.set_threshold(_COLLECTED_AFTER)
    try:
        if given == ["--version"]:
            print_version()
            return 0
        from lineageflow_core.cli.app import run

        return run(given)
    except KeyboardInterrupt:  # while still importing
        return 130
    finally:
        gc.freeze()  # else Python looks for cycles in all there is once more, only to end, which takes 0.1 s


def print_version() -> None:
    """Prints the version of the program."""
    from importlib.metadata import version

    sys.stdout.write(f"{PROGRAM} {version(DISTRIBUTION)}\n")
