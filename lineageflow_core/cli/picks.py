"""How people decide conflicts on the command line: `PATH=ours`, `=theirs`, `=@REF` or `=file:FILE`."""

import re
from collections.abc import Iterable
from dataclasses import replace

from lineageflow_core.cli.invocation import Invocation
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.merge import Pick, Side, content, content_of
from lineageflow_core.uploads import upload_files

_PICK = re.compile(r"(?P<path>.+?)=(?:(?P<side>ours|theirs)|@(?P<ref>[^=/]+)|file:(?P<file>.+))", re.DOTALL)


def parse_picks(invocation: Invocation, repository: str, texts: Iterable[str]) -> dict[str, Pick]:
    """Returns the picks by path; local files are uploaded. Raises InvalidInputError."""
    picks: dict[str, Pick] = {}
    for text in texts:
        path, pick = _parse(invocation, repository, text)
        if path in picks:
            raise InvalidInputError(f"{path!r} has two picks; give it one --pick")
        picks[path] = pick
    return picks


def _parse(invocation: Invocation, repository: str, text: str) -> tuple[str, Pick]:
    match = _PICK.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            f"--pick {text!r} does not fit; write PATH=ours or PATH=theirs, PATH=@REF for what a ref has, or "
            "PATH=file:FILE for a local file"
        )
    path = match["path"]
    if match["side"]:
        return path, Side(match["side"])
    if match["ref"]:
        return path, content_of(invocation.places.ref_in(repository, match["ref"]))
    entries = upload_files(invocation.catalog, repository, [match["file"]])
    return path, content(replace(entry, path="") for entry in entries)
