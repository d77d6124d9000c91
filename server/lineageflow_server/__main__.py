"""`python -m lineageflow_server openapi` prints the OpenAPI document, which the page's client comes from."""

import json
import sys

from lineageflow_server.app import describe_api


def main(arguments: list[str]) -> int:
    """Runs the command; returns the exit code."""
    if arguments != ["openapi"]:
        sys.stderr.write("usage: python -m lineageflow_server openapi\n")
        return 2
    sys.stdout.write(json.dumps(describe_api(), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
