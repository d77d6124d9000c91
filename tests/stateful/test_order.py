"""Whatever the order in which several clients tell a server, and however often: the graph is the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lineageflow_core.connect import connect
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.service.embedded import open_embedded
from lineageflow_core.service.folding import verify
from tests.core.openlineage.graphs import STORIES, graph_of, graph_out, told
from tests.core.openlineage.stories import all_events
from tests.server.serving import TOKEN, served
from tests.stateful.test_intake import LAKES, stores_of

CLIENTS = 3
EVENTS = [*all_events(), *(event for story in STORIES for event in told(story))]

_CLIENT = """
import http.client, json, random, sys
from urllib.parse import urlsplit
url, token, events, seed = sys.argv[1:]
chosen = random.Random(seed)
events = json.load(open(events))
events += chosen.choices(events, k=len(events) // 3)
chosen.shuffle(events)
connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
while events:
    several = [events.pop() for _ in range(min(len(events), chosen.choice([1, 1, 2, 7])))]
    path, sent = ("", several[0]) if len(several) == 1 else ("/batch", several)
    connection.request("POST", "/api/v1/lineage" + path, json.dumps(sent), headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status < 300 or (answer.status < 500 and not path), answer.status
"""


@pytest.fixture(params=list(LAKES))
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The addresses of two empty lakes of one kind."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    with LAKES[request.param](one) as first, LAKES[request.param](other) as second:
        yield first, second


def digests(lake: str) -> dict[str, str]:
    """Returns the digest of every kind of fact, and checks that making them anew would change none."""
    with closing(stores_of(lake)) as stores:
        again = verify(stores)
        assert (len({canonical_json(each) for each in EVENTS}), ()) == (again.events, again.differences)
        with stores.lineage.write() as writer:
            return dict(writer.digests())


@pytest.mark.parametrize("seed", range(2))
def test_several_clients_in_any_order_tell_the_same(
    places: tuple[str, str], tmp_path: Path, seed: int
) -> None:
    in_order, shuffled = places
    with closing(stores_of(in_order)) as stores:
        open_embedded(stores).lineage.ingest(EVENTS)
    (tmp_path / "events.json").write_text(json.dumps(EVENTS))
    with served(connect(shuffled)) as url:
        words = [url, TOKEN, str(tmp_path / "events.json")]
        commands = [[sys.executable, "-c", _CLIENT, *words, f"{seed}.{number}"] for number in range(CLIENTS)]
        running = [subprocess.Popen(command) for command in commands]
        assert [0] * CLIENTS == [process.wait(120) for process in running]
        remote = connect(url, token=TOKEN)
        graphs = {story: graph_of(remote, story) for story in STORIES}
    assert {story: graph_out(story) for story in STORIES} == graphs
    assert digests(in_order) == digests(shuffled)
