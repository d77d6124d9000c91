"""Versions of datasets as cells: which dataset, which partition, which exact content.

Datasets of the repository at `home` are shown by their path alone, all others by their whole name.
"""

from lineageflow_core.cli.cells import SHORT, Cell, Part, short_id, text
from lineageflow_core.model.lineage import Version
from lineageflow_core.model.node import format_node
from lineageflow_core.openlineage.naming import repository_of

UNKNOWN = "?"
"""Stands for content that nobody told of."""


def version_cells(version: Version, home: str | None) -> tuple[Cell, Cell, Cell]:
    """Returns a version as dataset, partition and content."""
    content = short_id(version.version) if version.version is not None else text(UNKNOWN, "dim")
    return dataset_cell(version, home), text(version.partition), content


def version_cell(version: Version, home: str | None) -> Cell:
    """Returns a version in few words; a program gets the id that can be asked for again."""
    parts: list[Part] = [*dataset_cell(version, home).parts]
    if version.partition:
        parts.append((f" {version.partition}", ""))
    shown = UNKNOWN if version.version is None else version.version[:SHORT]
    return Cell(format_node(version), (*parts, (f" {shown}", "id")))


def dataset_cell(version: Version, home: str | None) -> Cell:
    """Returns a version's dataset."""
    whole = f"{version.namespace}/{version.name}"
    if home is not None and repository_of(version.namespace) == home:
        return Cell(whole, ((version.name, "name"),))
    return text(whole, "name")
