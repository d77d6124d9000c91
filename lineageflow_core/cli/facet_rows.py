"""Facets as a table: what each says, as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lineageflow_core.cli import cells
from lineageflow_core.cli.output import Column
from lineageflow_core.model.known import Facets

FACET_COLUMNS = (Column(name="facet"), Column(name="says", shrinks=True))


def facet_rows(facets: Facets) -> Iterator[Sequence[cells.Cell]]:
    """Yields a row for each facet: what it says, as JSON."""
    for key, facet in sorted(facets.items()):
        said = {name: value for name, value in facet.items() if not name.startswith("_")}
        yield cells.text(key, "name"), cells.text(_json(said))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
