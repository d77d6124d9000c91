"""Where the command remembers what it uploaded, so that it need not read those files again."""

import os
from collections.abc import Sequence
from pathlib import Path

from blake3 import blake3

from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.location import is_folder


def upload_cache(invocation: Invocation, repository: str, sources: Sequence[str]) -> Path | None:
    """Returns the file that remembers what was uploaded from there; None for a single file.

    It lies in the lake, if that is a folder; else in the user's cache folder (XDG Base Directory
    Specification), for each lake apart.
    """
    if len(sources) < 2:
        return None
    # What the first and the last have in common, all between them have, too.
    origin = blake3(os.path.commonpath([min(sources), max(sources)]).encode()).hexdigest()[:16]
    return _folder(invocation.lake) / f"{repository}-{origin}"


def _folder(lake: str) -> Path:
    if is_folder(lake):
        return Path(lake, "cache")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "lineageflow", "uploads", blake3(lake.encode()).hexdigest()[:16])
