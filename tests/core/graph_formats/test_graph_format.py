import io
import json
import zipfile

import msgspec
import pytest
from hypothesis import given

from lineageflow_core.graph_formats import GraphFormat, render
from lineageflow_core.model.lineage import LineageGraph
from lineageflow_core.wire.codec import decode
from tests.core.graph_formats.graphs import chain, graphs, run_node, version_node

GRAPH = chain(version_node("ünlü"), run_node("1"))


@pytest.mark.parametrize("format", GraphFormat)
def test_every_format_has_a_media_type_and_content_of_its_own(format: GraphFormat) -> None:  # noqa: A002
    rendered = render(GRAPH, format)
    assert "/" in rendered.media_type
    assert rendered.content == render(GRAPH, format).content


def test_json_is_what_the_api_has() -> None:
    assert GRAPH == decode(render(GRAPH, GraphFormat.JSON).content, LineageGraph)


@given(graphs())
def test_json_holds_any_graph_in_ascii(graph: LineageGraph) -> None:
    content = render(graph, GraphFormat.JSON).content
    assert content.isascii()
    assert graph == msgspec.convert(json.loads(content), LineageGraph)


@given(graphs())
def test_every_format_takes_any_name(graph: LineageGraph) -> None:
    for each in GraphFormat:
        render(graph, each).content.decode("latin-1")


def test_several_files_are_one_archive() -> None:
    rendered = render(GRAPH, GraphFormat.CSV)
    with zipfile.ZipFile(io.BytesIO(rendered.content)) as packed:
        assert dict(rendered.files) == {name: packed.read(name) for name in packed.namelist()}
        assert ["nodes.csv", "edges.csv"] == packed.namelist()
