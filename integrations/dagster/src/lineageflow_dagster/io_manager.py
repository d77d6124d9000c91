"""`LineageFlowIOManager`: assets are datasets of a lake, written and read at exact versions.

An output is one dataset, or one partition of it for each partition key, replaced as one thing. To which
branch and commit it goes is the business of the step's session. Outputs of ops that are no assets are
intermediates of one run: Dagster's own file store keeps those.
"""

from collections.abc import Mapping

import dagster as dg
from pydantic import Field, PrivateAttr

from lineageflow_core import RunSession
from lineageflow_core.run import Reading
from lineageflow_dagster import inputs, outputs
from lineageflow_dagster.bodies import is_written
from lineageflow_dagster.bounds import tagged_pins
from lineageflow_dagster.changes import changes
from lineageflow_dagster.formats import AUTOMATIC, FORMATS
from lineageflow_dagster.internals import (
    run_looked_at,
    set_version_of,
    step_of,
)
from lineageflow_dagster.metadata import Version, VersionFacts, data_version_of
from lineageflow_dagster.naming import dataset_path
from lineageflow_dagster.partitions import partition_run
from lineageflow_dagster.resource import LineageFlowResource
from lineageflow_dagster.saying import said_of


class LineageFlowIOManager(dg.ConfigurableIOManager):
    """Keeps assets in a lake.

    Tables of pandas, polars, Arrow and DuckDB become Parquet, strings text, plain dictionaries and lists
    JSON, a Path its files, anything else a pickle, unless `format` or an asset's metadata
    `lineageflow/format` says otherwise. An input is what its annotation says, whatever was written. A step
    over many partitions returns a dictionary by partition key. It gets one where its input is annotated as
    one; annotated as a table, the partitions come as one table.
    """

    lineageflow: dg.ResourceDependency[LineageFlowResource]
    format: str = Field(
        default=AUTOMATIC, description=f"How values are written: {', '.join([AUTOMATIC, *FORMATS])}."
    )

    _intermediates: dg.IOManager = PrivateAttr()

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Prepares the store of intermediates, as Dagster's default IO manager would."""
        self._intermediates = dg.FilesystemIOManager().create_io_manager(context)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Writes an asset's value, and says on the materialization which versions it became."""
        if not context.has_asset_key:
            self._intermediates.handle_output(context, obj)
            return
        step = step_of(context)
        if step is None:
            raise dg.DagsterInvalidInvocationError("an asset is written only while a run executes")
        lake = self.lineageflow
        if obj is None and is_written(lake, step, dataset_path(context.asset_key.path)):
            return  # it stored itself, and its annotation does not say that it returns nothing
        values = outputs.values_by_partition(context, obj)
        said = said_of(context, context.asset_key, lake.sessions(step), context.output_metadata)
        versions: dict[str, Version] = {}
        for key, value in values.items():
            with partition_run(lake, step, context, context.asset_key, key, of=len(values)) as session:
                said.describe(session)
                versions[key] = outputs.write(
                    context, session, key, value, default_format=self.format, trust=lake.trust
                )
        branch = lake.land(step, lake.step_session(step))
        if versions:
            if said.metadata:
                context.add_output_metadata(said.metadata)
            self._describe(context, lake.step_session(step), branch, versions)
        lake.sessions(step).storing = context.asset_key

    def load_input(self, context: dg.InputContext) -> object:
        """Reads an asset's value at the version that the run sees, or, outside of a run, at its base.

        Raises ObjectNotFoundError where a partition is not there that was asked for by its key.
        """
        if not inputs.has_asset(context):
            return self._intermediates.load_input(context)
        request = inputs.request_of(context)
        run_id = run_looked_at(context)
        if run_id is not None:
            return self._look(request, f"run:{run_id}")
        step = step_of(context)
        if step is None:
            return self._look(request, request.ref or self.lineageflow.ref_for(request.dataset))
        session = self.lineageflow.step_session(step)
        ref = None if request.dataset in tagged_pins(step.run.tags) else request.ref
        if request.may_miss:
            catalog, repository = self.lineageflow.catalog, self.lineageflow.repository
            seen = session.see(repository, ref, path=request.dataset)
            request = inputs.without_missing(request, catalog, repository, seen)
        if request.partitions == ():
            return {} if request.is_by_partition else None
        reading = session.read(request.dataset, partitions=request.partitions, ref=ref)
        session.report()
        for notice in reading.notices:
            context.log.warning(notice.text)
        return self._load(request, reading)

    def _load(self, request: inputs.Request, reading: Reading) -> object:
        return inputs.load(
            request, reading, trust=self.lineageflow.trust, copies=self.lineageflow.copies_folder
        )

    def _look(self, request: inputs.Request, ref: str) -> object:
        lake = self.lineageflow
        return self._load(request, inputs.look_at(request, lake.catalog, lake.repository, ref))

    def _describe(
        self, context: dg.OutputContext, session: RunSession, branch: str, versions: Mapping[str, Version]
    ) -> None:
        """Puts metadata and the data version on the materializations that Dagster is about to record."""
        lake = self.lineageflow
        facts = VersionFacts(repository=lake.repository, branch=branch, page=lake.page)
        said = facts.of_all(versions, changes(lake.catalog, lake.repository, session.base, versions))
        context.add_output_metadata(said.pop(""))
        set_version_of(context, context.asset_key, data_version_of(versions), said)
