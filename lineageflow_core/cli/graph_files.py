"""A graph for another program, written to stdout, to a file, or as several files."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lineageflow_core.cli import cells
from lineageflow_core.cli.output import Output
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.graph_formats import Rendered, archive


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file that was written."""

    path: str
    size: int


def write_graph(output: Output, rendered: Rendered, out: Path | None) -> None:
    """Writes a graph; several files go to a folder, or into an archive if `out` ends in `.zip`.

    A file that is there is replaced, whole. Raises InvalidInputError where `out` cannot be written.
    """
    if out is None:
        if len(rendered.files) > 1:
            names = " and ".join(rendered.files)
            raise InvalidInputError(
                f"this is several files ({names}): say with --output FOLDER, or FILE.zip, where"
            )
        output.content.write(rendered.content)
        return
    if len(rendered.files) == 1:
        files = {out: rendered.content}
    elif out.suffix == ".zip":
        files = {out: archive(rendered.files)}
    else:
        files = {out / name: content for name, content in rendered.files.items()}
    _write_all(output, {path: [content] for path, content in files.items()}, out)


def write_lines(output: Output, lines: Iterable[bytes], out: Path | None) -> None:
    """Writes what is too much to be in memory at once. Raises InvalidInputError as `write_graph`."""
    if out is None:
        for line in lines:
            output.content.write(line)
        return
    _write_all(output, {out: lines}, out)


def _write_all(output: Output, files: Mapping[Path, Iterable[bytes]], out: Path) -> None:
    try:
        written = [WrittenFile(path=str(path), size=_write(path, parts)) for path, parts in files.items()]
    except OSError as error:
        raise InvalidInputError(
            f"{str(out)!r} cannot be written ({error.strerror}); name another place"
        ) from error
    output.document(written)
    for file in written:
        output.line(cells.text(file.path, "name"), cells.size(file.size))


def _write(path: Path, parts: Iterable[bytes]) -> int:
    """Writes a file and returns its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():  # a pipe or a device is written to, and not replaced
        with path.open("wb") as there:
            return sum(map(there.write, parts))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".lineageflow-")
    try:
        with os.fdopen(handle, "wb") as file:
            size = sum(map(file.write, parts))
        Path(temporary).chmod(0o666 & ~_mask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return size


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
