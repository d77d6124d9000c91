"""Events in, graph out: each story, in any order and told more than once, gives the graph beside it."""

import random

import pytest

from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.folding import verify
from lineageflow_core.store.memory import MemoryStores
from tests.core.openlineage.graphs import STORIES, graph_of, graph_out, told


@pytest.mark.parametrize("story", list(STORIES))
@pytest.mark.parametrize("seed", range(4))
def test_a_story_gives_its_graph(story: str, seed: int) -> None:
    stores = MemoryStores()
    lake = open_embedded(stores)
    events = told(story)
    if seed:
        events += random.Random(seed).choices(events, k=2)
        random.Random(seed).shuffle(events)
    for event in events:
        lake.lineage.ingest([event])
    assert graph_out(story) == graph_of(lake, story)
    assert () == verify(stores).differences
