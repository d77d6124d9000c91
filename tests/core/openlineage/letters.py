"""Small events, each different from the others."""

from typing import Any
from uuid import UUID


def an_event(number: int, *, producer: str = "https://example.com/tests", **more: Any) -> dict[str, Any]:
    """Returns an OpenLineage event that only this number has."""
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-05-01T00:00:00Z",
        "producer": producer,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(UUID(int=number))},
        "job": {"namespace": "tests", "name": "nightly"},
        **more,
    }
