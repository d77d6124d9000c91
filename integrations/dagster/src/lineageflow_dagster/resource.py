"""`LineageFlowResource`: one repository of a lake, and the session of each run and step that uses it.

Setting it up costs nothing and touches nothing: Dagster does so once in every process of a run, and once
more to look at results. The lake is opened by the first call that needs it.
"""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import dagster as dg
from pydantic import Field, PrivateAttr

from lineageflow_core import Catalog, CodeVersion, Job, Repository, RunSession
from lineageflow_core.location import TOKEN_VARIABLE
from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage.about import About, JobType
from lineageflow_core.openlineage.outbox import outbox_folder
from lineageflow_core.run import Written
from lineageflow_core.run.telling import Telling
from lineageflow_core.tracking.code import code_version
from lineageflow_core.tracking.environment import environment
from lineageflow_dagster.about import about_step
from lineageflow_dagster.asset_events import watch
from lineageflow_dagster.bounds import (
    Bounds,
    asset_dataset,
    bounds_of,
    is_branch,
    make_branch,
    resuming,
)
from lineageflow_dagster.column_lineage import Columns
from lineageflow_dagster.deployments import deployment_branch
from lineageflow_dagster.formats import AUTOMATIC, Trust
from lineageflow_dagster.internals import OpContext, Step, step_of, warn
from lineageflow_dagster.lakes import OpenedLake, open_lake
from lineageflow_dagster.naming import (
    checks_job,
    checks_run_id,
    partition_run_id,
    pipeline_job,
    step_job,
    step_run_id,
)
from lineageflow_dagster.sessions import StepSessions, sessions_of

if TYPE_CHECKING:
    from upath import UPath

RESOURCE_KEY = "lineageflow"
"""The key under which a project has its LineageFlowResource."""

T = TypeVar("T")


class LineageFlowResource(dg.ConfigurableResource[None]):
    """Where a project's data lives.

    .. code-block:: python

        lake = LineageFlowResource(lake="./lake", repository="shop")
    """

    lake: str = Field(description="A folder, or the address of a server, as for `lineageflow_core.connect`.")
    repository: str = Field(description="The repository in the lake. It is created by the first run.")
    token: str | None = Field(
        default=None,
        description="A server's token, as `EnvVar`, which keeps it out of Dagster's pages. Default: what the "
        "environment variable LINEAGEFLOW_TOKEN has.",
    )
    base: str | None = Field(
        default=None,
        description="What runs read where they have not written: a branch, tag or commit. The run tag "
        "'lineageflow/ref' goes first. Default: the branch that they publish to.",
    )
    into: str | None = Field(
        default=None,
        description="The branch that runs publish to; it is made if it is not there. The run tag "
        "'lineageflow/into' goes first. Default: what LINEAGEFLOW_BRANCH says, else, in a branch deployment "
        "of Dagster+, a branch of its own ('pr-12'), else the repository's default branch.",
    )
    pins: dict[str, str] = Field(
        default={},
        description="Assets, by key, that runs read at a ref of their own: {'exchange_rates': 'v2025'}. The "
        "run tag 'lineageflow/pins' goes first. What a run makes of them itself, it reads as it made it.",
    )
    author: str = Field(default="dagster", description="The author of the commits.")
    page: str | None = Field(
        default=None, description="Where this lake's page is served, for links in Dagster's metadata."
    )
    allow_pickle: bool = Field(
        default=True,
        description="Whether objects that have no other format are pickled. Reading a pickle runs code that "
        "its writer chose: say False where not everybody who may write to the lake is trusted. Models are "
        "written by skops then.",
    )
    trusted_types: list[str] = Field(
        default=[], description="Types that models read by skops may have, beside those that skops knows."
    )
    copies: str | None = Field(
        default=None,
        description="A folder on this machine for what assets read as a local Path. It is kept by content, "
        "and may be deleted at any time when nothing runs. Default: in the user's cache folder.",
    )

    _steps: dict[RunId, StepSessions] = PrivateAttr(default_factory=dict)
    _bounds: dict[tuple[str, bool], Bounds] = PrivateAttr(default_factory=dict)

    @cached_property
    def _opened(self) -> OpenedLake:
        token = self.token or os.environ.get(TOKEN_VARIABLE) or None
        opened = open_lake(self.lake, token=token, outbox=outbox_folder(os.environ))
        Repository(opened.catalog, self.repository, author=self.author).create(exist_ok=True)
        return opened

    @property
    def catalog(self) -> Catalog:
        """The lake, opened; the repository exists."""
        return self._opened.catalog

    @property
    def telling(self) -> Telling:
        """What tells the lake of the runs and steps of this process."""
        return self._opened.telling

    @property
    def copies_folder(self) -> Path:
        """The folder on this machine for what assets read as a local Path."""
        if self.copies is not None:
            return Path(self.copies).absolute()
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "lineageflow", "copies")

    @property
    def trust(self) -> Trust:
        """How far whoever writes to the lake is trusted."""
        return Trust(pickles=self.allow_pickle, types=tuple(self.trusted_types))

    @property
    def branch(self) -> str:
        """The branch that runs publish to whose tags do not say: the one that Dagster's catalog is about."""
        told = self._defaults.into
        if told is None and self.base is not None and is_branch(self.base, self.catalog, self.repository):
            told = self.base
        return told or Repository(self.catalog, self.repository).info.default_branch

    @property
    def base_ref(self) -> str:
        """What is read outside of a run. A branch that no run has made yet is what it will be made from."""
        if self.base is not None or is_branch(self.branch, self.catalog, self.repository):
            return self.base or self.branch
        return Repository(self.catalog, self.repository).info.default_branch

    def ref_for(self, dataset: str) -> str:
        """Returns the ref that a dataset is read at outside of a run."""
        return self._defaults.pins.get(dataset) or self.base_ref

    @overload
    def read(
        self,
        dataset: str | dg.AssetKey,
        python_type: type[T],
        *,
        partition: str | None = ...,
        ref: str | None = ...,
    ) -> T: ...

    @overload
    def read(
        self, dataset: str | dg.AssetKey, *, partition: str | None = ..., ref: str | None = ...
    ) -> Any: ...

    def read(
        self,
        dataset: str | dg.AssetKey,
        python_type: Any = Any,
        *,
        partition: str | None = None,
        ref: str | None = None,
    ) -> Any:
        """Returns the value of a dataset as `python_type`, as an input that is annotated so would be.

        In a step it is at the version that the run sees, and the step has read it; elsewhere it is at
        `base_ref`. `ref` is another branch, tag or commit. `partition` is a partition key, and
        `dict[str, ...]` gives all partitions by key. Raises ObjectNotFoundError.

        >>> orders = lineageflow.read("orders", pd.DataFrame)
        """
        from lineageflow_dagster.bodies import read

        return read(self, dataset, python_type, partition=partition, ref=ref)

    def write(
        self,
        dataset: str | dg.AssetKey,
        value: object,
        *,
        partition: str | None = None,
        format: str = AUTOMATIC,  # noqa: A002  # the word that the IO manager has for it
        dataset_type: str | None = None,
        columns: Columns | None = None,
    ) -> Written:
        """Writes a value as a dataset, or one partition of it, in the run: what was there before is gone.

        Where the dataset is an asset of the step, its materialization tells of it. `partition` is the step's
        own if it has one. `columns` says what its columns come from: `{"total": "orders.amount"}`. A folder,
        or an iterator of tables, goes too. Raises DagsterInvalidInvocationError outside of a step.

        >>> lineageflow.write("report", html, format="html")
        """
        from lineageflow_dagster.bodies import write

        return write(
            self,
            dataset,
            value,
            partition=partition,
            format_=format,
            dataset_type=dataset_type,
            columns=columns,
        )

    def writing(
        self, dataset: str | dg.AssetKey, *, partition: str | None = None, dataset_type: str | None = None
    ) -> AbstractContextManager[Path]:
        """Gives an empty local folder, whose files become the dataset when the block ends well; see `write`.

        >>> with lineageflow.writing("model") as folder:
        ...     model.save(folder / "weights.onnx")
        """
        from lineageflow_dagster.bodies import writing

        return writing(self, dataset, partition=partition, dataset_type=dataset_type)

    def path(self, dataset: str | dg.AssetKey, *, partition: str | None = None) -> "UPath":
        """Returns where a dataset lies in the lake, to open, list and write it file by file.

        In a step it needs `@versioned`, which makes what is done by paths part of the run.
        """
        from lineageflow_dagster.bodies import place

        return place(self, dataset, partition=partition)

    def session(self, context: OpContext) -> RunSession:
        """Returns the session of the running step, for what the other verbs do not do."""
        return self.step_session(self._step(context))

    def _step(self, context: OpContext) -> Step:
        step = step_of(context)
        if step is None:
            raise dg.DagsterInvalidInvocationError("there is a session only while a run executes")
        return step

    def hand_over(self, context: OpContext) -> RunSession:
        """Returns the session of the running step, for another process that does a part of the step."""
        step = self._step(context)
        session = self.step_session(step)
        _ = session.transaction  # begun, so that both see the same
        self.sessions(step).is_handed_over = True
        return session

    def step_session(self, step: Step) -> RunSession:
        """Returns the session of a step, in the process that executes it: the same one each time."""
        return self.sessions(step).own

    def partition_session(self, step: Step, partition: str) -> RunSession:
        """Returns the session of what a step over many partitions does for one of them: a run of its own.

        So that the lineage of a partition is what was read for it, and not all that the step read.
        """
        sessions = self.sessions(step)
        if partition not in sessions.partitions:
            run = sessions.own.run
            sessions.partitions[partition] = self._open(
                step.run,
                run.job,
                run_id=partition_run_id(run.id, partition),
                code=run.code,
                environment=run.environment,
                params={**run.params, "partition": partition},
            )
        return sessions.partitions[partition]

    def sessions(self, step: Step) -> StepSessions:
        """Returns all sessions of a step: its own, and those of its partitions."""
        run_id = step_run_id(step.run.run_id, step.key, step.retry_number)
        if run_id not in self._steps:
            self._steps[run_id] = sessions_of(
                (self.lake, self.repository, run_id),
                lambda: self._open(
                    step.run,
                    step_job(step.run.job_name, step.key),
                    run_id=run_id,
                    code=_code_of(step.run.run_id, step.code_file) if step.code_file else None,
                    environment=environment(),
                    params={name: str(value) for name, value in step.config.items()},
                    about=about_step(step.assets, step.description),
                ),
                telling=self.telling,
                page=self.page,
            )
            watch(step, self._steps[run_id], self.repository, deferred=self._is_one(step))
        return self._steps[run_id]

    def land(self, step: Step, session: RunSession) -> str:
        """Brings what a step wrote to where others see it. Returns the branch that has it now.

        That is the run's branch, unless the run is not published as a whole: then each output is published
        by itself.
        """
        self.report(step, session)
        if self._is_one(step):
            return session.ref
        self.telling.now()
        into = session.transaction.into
        self.catalog.merging.merge(
            self.repository,
            session.ref,
            into=into,
            author=self.author,
            message=f"publish {session.run.job.name}",
            run_id=session.run.id,
        )
        return into

    def _is_one(self, step: Step) -> bool:
        """Tells whether the run of a step is published as a whole, so that its steps must not."""
        from lineageflow_dagster.executor import policy_of

        policy = policy_of(step.executor)
        return policy is not None and not policy.for_run(step.run).lands_each_output

    def report(self, step: Step, session: RunSession) -> None:
        """Tells what a step has read and written, and if that is published by itself, that it is done."""
        if self._is_one(step):
            session.report()
        else:
            session.complete()

    def outside_session(self, run: dg.DagsterRun, step_key: str, retry_number: int) -> RunSession:
        """Returns a session that can tell how a step ended, and leaves the rest to the step's own."""
        run_id = step_run_id(run.run_id, step_key, retry_number)
        return self._open(run, step_job(run.job_name, step_key), run_id=run_id)

    def checks_session(self, run: dg.DagsterRun, step_key: str, retry_number: int) -> RunSession:
        """Returns the session of the checks that a step makes of its own outputs: a run that reads those."""
        step_run = step_run_id(run.run_id, step_key, retry_number)
        return self._open(run, checks_job(run.job_name, step_key), run_id=checks_run_id(step_run))

    def run_bounds(self, run: dg.DagsterRun, *, resumes: Mapping[str, str] | None = None) -> Bounds:
        """Returns where a whole run reads and publishes, by its tags, its parent run or this resource.

        `resumes`: it executes some steps of its parent run again, which had these tags. The branch that it
        publishes to is there.
        """
        if (run.run_id, resumes is not None) not in self._bounds:
            bounds = bounds_of(run, self.catalog, self.repository, defaults=self._defaults)
            if resumes is not None:
                bounds = resuming(bounds, run, resumes, self.catalog, self.repository)
            make_branch(bounds, self.catalog, self.repository, author=self.author)
            self._bounds[run.run_id, resumes is not None] = bounds
        return self._bounds[run.run_id, resumes is not None]

    def pipeline_session(self, run: dg.DagsterRun, *, bounds: Bounds | None = None) -> RunSession:
        """Returns the session of a whole run; `bounds` are those of `run_bounds` unless given."""
        return self._open(
            run,
            pipeline_job(run.job_name),
            run_id=RunId(run.run_id),
            code=code_version(Path.cwd()),
            environment=environment(),
            params=_params(run),
            bounds=bounds,
            after=RunId(run.parent_run_id) if run.parent_run_id else None,
        )

    @property
    def _defaults(self) -> Bounds:
        return Bounds(
            base=self.base,
            into=self.into or deployment_branch(os.environ),
            pins={asset_dataset(asset): ref for asset, ref in self.pins.items()},
        )

    def _open(
        self,
        run: dg.DagsterRun,
        job: Job,
        *,
        run_id: RunId,
        code: CodeVersion | None = None,
        environment: Mapping[str, str] = {},
        params: Mapping[str, str] = {},
        bounds: Bounds | None = None,
        about: About | None = None,
        after: RunId | None = None,
    ) -> RunSession:
        bounds = bounds or self.run_bounds(run)
        return RunSession(
            self.catalog,
            self.repository,
            job,
            run_id=run_id,
            pipeline=RunId(run.run_id),
            base=bounds.base,
            into=bounds.into,
            pins=bounds.pins,
            author=self.author,
            code=code,
            environment=environment,
            params=params,
            warn=warn,
            job_type=JobType(integration="DAGSTER", type="JOB" if run_id == run.run_id else "STEP"),
            about=about,
            after=after,
            telling=self.telling if run_id != run.run_id else None,  # a whole run has little to tell
        )


def _params(run: dg.DagsterRun) -> dict[str, str]:
    """Returns what a run was launched with: its tags (backfill, partition, schedule), and what it repeats."""
    repeats = {"dagster/parent_run_id": run.parent_run_id, "dagster/root_run_id": run.root_run_id}
    tags = {name: value for name, value in run.tags.items() if not name.startswith(".")}
    return {name: value for name, value in repeats.items() if value is not None} | tags


@lru_cache(maxsize=256)
def _code_of(_run_id: str, file: Path) -> CodeVersion | None:
    """Returns the version of a file's code. A process loads it once, so git is asked once in each run."""
    return code_version(file)
