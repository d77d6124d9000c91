"""`LineageFlowComponent`: a project on a lake by a few lines of YAML, as `dg` makes and checks them.

It adds to the project's definitions what `with_lineageflow` does. Jobs that name an executor of their own are
out of its reach: those need `publishing(executor)`.
"""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import dagster as dg
from pydantic import BaseModel

from lineageflow_core.location import is_folder
from lineageflow_dagster.definitions import with_lineageflow
from lineageflow_dagster.formats import AUTOMATIC
from lineageflow_dagster.internals import with_fields
from lineageflow_dagster.io_manager import LineageFlowIOManager
from lineageflow_dagster.policy import PublishMode, PublishPolicy, RequiredChecks
from lineageflow_dagster.resource import LineageFlowResource


def _as_in(source: type[BaseModel], name: str) -> dg.Resolver:
    """Describes an attribute as the field of that name is described there."""
    return _said(source.model_fields[name].description or "")


def _said(description: str) -> dg.Resolver:
    resolver: dg.Resolver = dg.Resolver.default(description=description)
    return resolver


class LineageFlowScaffoldParams(BaseModel):
    """What `dg scaffold defs` asks for."""

    lake: str | None = None
    repository: str | None = None


class LineageFlowScaffolder(dg.Scaffolder[LineageFlowScaffoldParams]):
    """Writes a `defs.yaml` that is whole: a lake in the project's folder, unless another is named."""

    @classmethod
    def get_scaffold_params(cls) -> type[LineageFlowScaffoldParams]:
        return LineageFlowScaffoldParams

    def scaffold(self, request: dg.ScaffoldRequest[LineageFlowScaffoldParams]) -> None:
        project = request.project_root.name if request.project_root is not None else "data"
        dg.scaffold_component(
            request,
            {
                "lake": request.params.lake or "./lake",
                "repository": request.params.repository or project,
            },
        )


@dg.scaffold_with(LineageFlowScaffolder)
class LineageFlowComponent(dg.Component, dg.Model, dg.Resolvable):
    """Keeps the project's assets in a lake, and publishes each run as a whole.

    .. code-block:: yaml

        type: lineageflow_dagster.LineageFlowComponent
        attributes:
          lake: "{{ env.LINEAGEFLOW_LAKE }}"
          repository: shop
    """

    lake: Annotated[
        str,
        _said(
            "A folder, from the project's own on, or the address of a server, as for "
            "`lineageflow_core.connect`."
        ),
    ]
    repository: Annotated[str, _as_in(LineageFlowResource, "repository")]
    token_variable: Annotated[
        str | None, _said("The environment variable that has a server's token. Default: LINEAGEFLOW_TOKEN.")
    ] = None
    base: Annotated[str | None, _as_in(LineageFlowResource, "base")] = None
    into: Annotated[str | None, _as_in(LineageFlowResource, "into")] = None
    pins: Annotated[dict[str, str] | None, _as_in(LineageFlowResource, "pins")] = None
    author: Annotated[str, _as_in(LineageFlowResource, "author")] = "dagster"
    page: Annotated[str | None, _as_in(LineageFlowResource, "page")] = None
    allow_pickle: Annotated[bool, _as_in(LineageFlowResource, "allow_pickle")] = True
    trusted_types: Annotated[list[str] | None, _as_in(LineageFlowResource, "trusted_types")] = None
    copies: Annotated[str | None, _as_in(LineageFlowResource, "copies")] = None
    format: Annotated[str, _as_in(LineageFlowIOManager, "format")] = AUTOMATIC
    io_manager_key: Annotated[
        str,
        _said("The resource key of the IO manager: another one where the project has its own, too."),
    ] = "io_manager"
    publish: Annotated[
        PublishMode, _said("What becomes visible together: run, asset, backfill or review.")
    ] = PublishMode.RUN
    checks: Annotated[
        RequiredChecks, _said("Which asset checks keep a run from being published: blocking, all or none.")
    ] = RequiredChecks.BLOCKING
    executor: Annotated[
        str | None,
        _said(
            "Which executor's runs are published, as `module.name`, such as `dagster_k8s.k8s_job_executor`. "
            "null: the project has an executor itself, which it wraps with `publishing(executor)`."
        ),
    ] = "lineageflow_dagster.default_executor.default_executor"

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="Keeps assets in a LineageFlow lake at exact versions; publishes each run whole.",
            tags=["lineageflow", "storage", "lineage", "versioning"],
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Returns the resource, the IO manager, and what publishes runs.

        Raises DagsterInvalidDefinitionError if `executor` names none.
        """
        lineageflow = self._resource(context.project_root)
        io_manager = LineageFlowIOManager(lineageflow=lineageflow, format=self.format)
        own = dg.Definitions(
            resources={self.io_manager_key: io_manager},
            executor=_executor_named(self.executor) if self.executor is not None else None,
        )
        policy = PublishPolicy(mode=self.publish, checks=self.checks)
        defs = with_lineageflow(own, lineageflow, publish=policy, io_manager_key=self.io_manager_key)
        return defs if self.executor is not None else with_fields(defs, executor=None)

    def _resource(self, project: Path) -> LineageFlowResource:
        """Returns the resource, whose lake is the same from whatever folder a step is executed in."""
        return LineageFlowResource(
            lake=str((project / self.lake).resolve()) if is_folder(self.lake) else self.lake,
            repository=self.repository,
            token=dg.EnvVar(self.token_variable) if self.token_variable is not None else None,
            base=self.base,
            into=self.into,
            pins=self.pins or {},
            author=self.author,
            page=self.page,
            allow_pickle=self.allow_pickle,
            trusted_types=self.trusted_types or [],
            copies=self.copies,
        )


def _executor_named(path: str) -> dg.ExecutorDefinition:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise dg.DagsterInvalidDefinitionError(
            f"there is no executor {path!r} ({error}); name one as `module.name`, such as "
            "`dagster.in_process_executor`"
        ) from None
    if not isinstance(found, dg.ExecutorDefinition):
        raise dg.DagsterInvalidDefinitionError(
            f"{path!r} is no executor but a {type(found).__name__}; name one as `module.name`, such as "
            "`dagster.in_process_executor`"
        )
    return found
