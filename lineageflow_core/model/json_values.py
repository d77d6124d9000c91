"""JSON of somebody else's making, read leniently: what is not as it should be counts as not there."""

from collections.abc import Mapping
from typing import Any


def as_object(value: object) -> Mapping[str, Any]:
    """Returns a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[Mapping[str, Any]]:
    """Returns the objects of a JSON array; none for anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
