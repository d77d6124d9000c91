"""A small repository with a history: a published run, a branch, a tag, lineage."""

from uuid import NAMESPACE_OID, uuid5

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.run import Job
from lineageflow_core.repository import Repository
from lineageflow_core.run import RunSession

NAME = "flights"
REPORT = "reports/daily"


def run_id(run: str, repository: str = NAME) -> RunId:
    """Returns the id of what tests call the run `run` on a repository."""
    return RunId(str(uuid5(NAMESPACE_OID, f"{repository} {run}")))


def make_lake() -> Catalog:
    """Returns a lake in memory that holds the repository `flights`."""
    catalog = connect("memory:")
    make_repository(catalog, NAME)
    return catalog


def make_repository(catalog: Catalog, name: str) -> None:
    """Makes a repository on whose branch `main` the run `night` published a report."""
    repository = Repository(catalog, name, author="ada").create()
    repository.put("raw/flights.csv", b"carrier,delay\nAA,5\n")
    repository.branch("fix")
    repository.tag("v1")
    job = Job(namespace="tests", name="nightly")
    session = RunSession(catalog, name, job, run_id=run_id("night", name))
    session.read("raw/flights.csv")
    session.write(REPORT, {"report.txt": b"late: 1\n"})
    session.publish()
