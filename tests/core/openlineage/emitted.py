"""What we told a lake of our own runs, checked against OpenLineage's specification."""

import json

from lineageflow_core.catalog import Catalog
from lineageflow_core.model.page import every
from lineageflow_core.openlineage.vocabulary import EventType
from tests.core.openlineage.published import departures
from tests.core.openlineage.specification import problems


def assert_all_are_valid(catalog: Catalog) -> set[EventType]:
    """Checks every event in the log of a lake; returns which types of events there are."""
    events = every(lambda after, limit: catalog.events.list_events(after=after, limit=limit))
    told = [json.loads(event.body) for event in events]
    assert [] == [problem for event in told for problem in (*problems(event), *departures(event))]
    return {EventType(event["eventType"]) for event in told}
