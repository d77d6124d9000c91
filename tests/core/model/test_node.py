"""Nodes of the lineage graph as text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.address import Address
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.node import Node, format_node, parse_node
from lineageflow_core.model.run import Job

RUN = RunId("0195b2a4-0000-7000-8000-000000000001")
VERSIONS = st.builds(
    Version,
    namespace=st.text() | st.sampled_from(["lf://lake", "postgres://user@host:5432", "file", "inmemory://"]),
    name=st.text(),
    partition=st.text(),
    version=st.none() | st.text(),
)


@given(VERSIONS)
@example(Version(namespace="a:", name="/b"))
@example(Version(namespace="a/b://c", name="x[y]@z", partition="p]@", version="@"))
@example(Version(namespace="file", name="/data/x://y", version=""))
def test_a_version_reads_back_from_its_text(version: Version) -> None:
    assert version == parse_node(format_node(version))
    assert version.dataset == parse_node(format_node(version.dataset))


@given(st.builds(Job, namespace=st.text(), name=st.text()))
@example(Job(namespace="a:", name="/b"))
def test_a_job_reads_back_from_its_text(job: Job) -> None:
    assert job == parse_node(format_node(job))


@pytest.mark.parametrize(
    "text, node",
    [
        (f"run:{RUN}", RUN),
        (
            "version:lf://lake/raw/flights[2013-07]@abc",
            Version(namespace="lf://lake", name="raw/flights", partition="2013-07", version="abc"),
        ),
        (
            "version:postgres://db:5432/shop.public.orders",
            Version(namespace="postgres://db:5432", name="shop.public.orders"),
        ),
        ("dataset:s3://lake/a/b", DatasetName(namespace="s3://lake", name="a/b")),
        ("job:airflow/daily.etl", Job(namespace="airflow", name="daily.etl")),
        ("job:airflow://prod/daily.etl", Job(namespace="airflow://prod", name="daily.etl")),
        ("lf://lake/raw/flights", Address(repository="lake", path="raw/flights")),
        ("lf://lake/@main~1/raw/flights", Address(repository="lake", ref="main~1", path="raw/flights")),
    ],
)
def test_nodes_are_written_as_people_read_them(text: str, node: Node) -> None:
    assert node == parse_node(text)
    assert text == format_node(node)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "raw/flights",
        "run:0195b2a4",
        "version:",
        "version:x",
        "lf://lake",
        "lf://lake/@main",
        "s3://b/k",
        "dataset:a/b@1",
        "job:x",
        "job:a/b@1",
    ],
)
def test_what_is_no_node_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"write 'run:<id>'|a UUID was expected"):
        parse_node(text)
