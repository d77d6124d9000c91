"""What a format is: it writes one kind of value into one file, or as a folder, and reads one file back."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lineageflow_core.errors import InvalidInputError
from lineageflow_dagster.formats.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is known of a value once it is written."""

    dataset_type: str
    """As OpenLineage's datasetType facet: TABLE, FILE, MODEL."""
    rows: int | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """Name and Arrow type of each column; none where it is no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFiles:
    """A value as files on this machine."""

    files: Mapping[str, Path]
    """By path relative to the dataset or partition."""
    described: Described


class Format(ABC):
    """Writes one kind of value, and reads it back as what it was."""

    @abstractmethod
    def write(self, value: object, folder: Path, *, trust: Trust) -> LocalFiles:
        """Makes files of a value; new ones go into `folder`. Raises InvalidInputError for another kind."""

    @abstractmethod
    def read(self, file: BinaryIO, *, trust: Trust) -> object:
        """Reads one file as what was written. Raises InvalidInputError where that would need more trust."""


class FileFormat(Format):
    """Writes a value into a single file, `data.<ending>`."""

    def __init__(self, ending: str) -> None:
        self.ending = ending

    def write(self, value: object, folder: Path, *, trust: Trust) -> LocalFiles:
        file = folder / f"data.{self.ending}"
        described = self.write_file(value, file, trust=trust)
        return LocalFiles(files={file.name: file}, described=described)

    @abstractmethod
    def write_file(self, value: object, file: Path, *, trust: Trust) -> Described:
        """Writes the value to a new file. Raises InvalidInputError if it is not of this format's kind."""

    def unfit(self, value: object, wanted: str) -> InvalidInputError:
        """Returns the error about a value that this format does not write."""
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        return InvalidInputError(f"the format {self.ending!r} is for {wanted}, but the value is {kind}")
