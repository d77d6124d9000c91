"""Addresses whose segments hold anything: `/namespaces/s3%3A%2F%2Flake/datasets/a%2Fb`.

Marquez has names of datasets in the path, and names hold '/', which clients escape. Servers unescape a path
before they look for a route, so these routes look at the path as it came.
"""

from typing import Any
from urllib.parse import unquote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class SegmentsRoute(APIRoute):
    """A route that matches escaped segments, and then unescapes them."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        raw: bytes | None = scope.get("raw_path")
        if raw is None:
            return super().matches(scope)
        match, child = super().matches({**scope, "path": raw.partition(b"?")[0].decode("latin-1")})
        if "path_params" in child:
            named: dict[str, Any] = child["path_params"]
            child["path_params"] = {name: unquote(str(value)) for name, value in named.items()}
        return match, child
