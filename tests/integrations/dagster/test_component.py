"""The component: what its YAML says is what the project gets."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster.components.testing.utils import DefsFolderSandbox, component_defs, create_defs_folder_sandbox
from dagster_shared.libraries import DagsterLibraryRegistry
from lineageflow_dagster import (
    LineageFlowComponent,
    LineageFlowIOManager,
    LineageFlowResource,
    PublishMode,
    PublishPolicy,
    RequiredChecks,
)
from lineageflow_dagster.executor import policy_of, publishes_run

from lineageflow_core import Repository, connect
from tests.integrations.dagster.lake import QUIET

pytestmark = [  # Dagster warns of how it makes components itself
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),
    pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated"),
]

TYPE = "lineageflow_dagster.LineageFlowComponent"
ASSETS = """
import dagster as dg


@dg.asset
def orders() -> int:
    return 3
"""


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    with create_defs_folder_sandbox(project_name="shop_project") as sandbox:
        (sandbox.defs_folder_path / "assets.py").write_text(ASSETS)
        yield sandbox


def build(project: DefsFolderSandbox, **attributes: Any) -> dg.Definitions:
    """Returns the project's definitions, with a component of these attributes."""
    contents = {"type": TYPE, "attributes": {"lake": "./lake", "repository": "shop", **attributes}}
    project.scaffold_component(LineageFlowComponent, "lake", defs_yaml_contents=contents)
    with project.build_all_defs() as defs:
        return defs


def test_what_is_scaffolded_is_a_whole_lake_in_the_projects_folder(project: DefsFolderSandbox) -> None:
    path = project.scaffold_component(LineageFlowComponent, "lake")
    written = (path / "defs.yaml").read_text()
    assert f"attributes:\n  lake: ./lake\n  repository: {project.project_root.name}\n" in written
    with project.load_component_and_build_defs(path) as (component, defs):
        assert isinstance(component, LineageFlowComponent)
        assert {"io_manager", "lineageflow"} == (defs.resources or {}).keys()


def test_scaffolding_takes_the_lake_and_the_repository(project: DefsFolderSandbox) -> None:
    parameters = {"lake": "https://lineage.example", "repository": "sales"}
    path = project.scaffold_component(LineageFlowComponent, "lake", scaffold_params=parameters)
    written = (path / "defs.yaml").read_text()
    assert "attributes:\n  lake: https://lineage.example\n  repository: sales\n" in written


def test_assets_of_the_project_are_published_to_the_lake_in_its_folder(project: DefsFolderSandbox) -> None:
    defs = build(project)
    job = defs.resolve_implicit_global_asset_job_def()
    assert publishes_run(job.executor_def)
    assert job.execute_in_process(run_config=QUIET).success
    repository = Repository(connect(str(project.project_root / "lake")), "shop")
    assert b"3\n" == repository.read_bytes("orders/data.json", ref="main")


def test_a_lake_that_is_no_folder_is_taken_as_it_is(project: DefsFolderSandbox) -> None:
    resource = (build(project, lake="https://lineage.example").resources or {})["lineageflow"]
    assert resource.lake == "https://lineage.example"


def test_every_attribute_of_the_resource_and_the_io_manager_arrives(project: DefsFolderSandbox) -> None:
    given = {
        "base": "v1",
        "into": "trial",
        "pins": {"rates": "v2"},
        "author": "ada",
        "page": "http://page",
        "allow_pickle": False,
        "trusted_types": ["shop.Model"],
        "copies": "/copies",
    }
    resources = build(project, **given, format="csv", io_manager_key="lake_io").resources or {}
    assert given == {name: getattr(resources["lineageflow"], name) for name in given}
    assert isinstance(resources["lake_io"], LineageFlowIOManager)
    assert resources["lake_io"].format == "csv"


def test_attributes_are_said_as_the_resource_says_them() -> None:
    theirs = {
        name: (field.default, field.description) for name, field in LineageFlowResource.model_fields.items()
    }
    described = LineageFlowComponent.model().model_fields
    ours = {name: (field.default, field.description) for name, field in described.items()}
    assert theirs.keys() - ours.keys() == {"token"}  # a variable's name here: `token_variable`
    differing = {name for name in theirs.keys() & ours.keys() if theirs[name] != ours[name]}
    assert differing == {"lake", "pins", "trusted_types"}  # a folder of the project; defaults that are empty
    assert all(theirs[name][1] == ours[name][1] for name in ("pins", "trusted_types"))
    assert all(description for _, description in ours.values())


def test_a_token_is_named_by_its_variable_and_is_in_no_definition(
    project: DefsFolderSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hunter2hunter2hunter2")
    defs = build(project, token_variable="SHOP_TOKEN")
    resource = (defs.resources or {})["lineageflow"]
    assert "hunter2" not in repr(resource)
    with dg.build_resources({"lineageflow": resource}) as made:
        assert made.lineageflow.token == "hunter2hunter2hunter2"


def test_runs_are_published_as_it_says(project: DefsFolderSandbox) -> None:
    executor = build(project, publish="review", checks="all").executor
    assert isinstance(executor, dg.ExecutorDefinition)
    assert policy_of(executor) == PublishPolicy(mode=PublishMode.REVIEW, checks=RequiredChecks.ALL)


def test_the_executor_that_is_named_publishes(project: DefsFolderSandbox) -> None:
    executor = build(project, executor="dagster.in_process_executor").executor
    assert isinstance(executor, dg.ExecutorDefinition)
    assert publishes_run(executor)
    assert executor.name == "in_process"


def test_without_an_executor_the_projects_own_is_left(project: DefsFolderSandbox) -> None:
    (project.defs_folder_path / "executor.py").write_text(
        "import dagster as dg\n\ndefs = dg.Definitions(executor=dg.in_process_executor)\n"
    )
    executor = build(project, executor=None).executor
    assert isinstance(executor, dg.ExecutorDefinition)
    assert not publishes_run(executor)


@pytest.mark.parametrize("executor", ["nowhere.executor", "dagster.nothing", "dagster.asset", "plain"])
def test_an_executor_that_is_none_is_refused(executor: str) -> None:
    component = LineageFlowComponent(lake="lake", repository="shop", executor=executor)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match=r"module\.name"):
        component_defs(component=component)


def test_the_library_is_known_to_dagster_and_to_dg() -> None:
    assert "lineageflow-dagster" in DagsterLibraryRegistry.get()
    (found,) = entry_points(group="dagster_dg_cli.registry_modules", name="lineageflow_dagster")
    assert found.load().LineageFlowComponent is LineageFlowComponent


def test_the_package_is_typed() -> None:
    import lineageflow_dagster

    assert Path(lineageflow_dagster.__file__).with_name("py.typed").exists()
