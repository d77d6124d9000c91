"""`LineageFlowResource`: one repository of a lake, and the session of each run and step that uses it.

Setting it up costs nothing and touches nothing: Dagster does so once in every process of a run, and once
more to look at results. The lake is opened by the first call that needs it.
"""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from lineageflow_core import Catalog, CodeVersion, Job, Repository, RunSession, connect
from lineageflow_core.location import TOKEN_VARIABLE
from lineageflow_core.model.ids import RunId
from lineageflow_core.openlineage.outbox import outbox_folder
from lineageflow_core.tracking.code import code_version
from lineageflow_core.tracking.environment import environment
from lineageflow_dagster.bounds import Bounds, bounds_of, parent_bounds
from lineageflow_dagster.internals import OpContext, Step, step_of
from lineageflow_dagster.naming import pipeline_job, step_job, step_run_id


class LineageFlowResource(dg.ConfigurableResource[None]):
    """Where a project's data lives.

    .. code-block:: python

        lake = LineageFlowResource(lake="./lake", repository="shop")
    """

    lake: str = Field(
        description="A folder, or the address of a server, as for `lineageflow_core.connect`. A server's "
        "token comes from the environment, `LINEAGEFLOW_TOKEN`."
    )
    repository: str = Field(description="The repository in the lake. It is created by the first run.")
    base: str | None = Field(
        default=None,
        description="What runs read where they have not written: a branch, tag or commit. The run tag "
        "'lineageflow/ref' goes first. Default: the branch that they publish to.",
    )
    into: str | None = Field(
        default=None,
        description="The branch that runs publish to. The run tag 'lineageflow/into' goes first. Default: "
        "the repository's default branch.",
    )
    author: str = Field(default="dagster", description="The author of the commits.")
    page: str | None = Field(
        default=None, description="Where this lake's page is served, for links in Dagster's metadata."
    )
    copies: str | None = Field(
        default=None,
        description="A folder on this machine for what assets read as a local Path. It is kept by content, "
        "and may be deleted at any time when nothing runs. Default: in the user's cache folder.",
    )

    _sessions: dict[RunId, RunSession] = PrivateAttr(default_factory=dict)

    @cached_property
    def catalog(self) -> Catalog:
        """The lake, opened; the repository exists."""
        token = os.environ.get(TOKEN_VARIABLE) or None
        catalog = connect(self.lake, token=token, outbox=outbox_folder(os.environ))
        Repository(catalog, self.repository, author=self.author).create(exist_ok=True)
        return catalog

    @property
    def copies_folder(self) -> Path:
        """The folder on this machine for what assets read as a local Path."""
        if self.copies is not None:
            return Path(self.copies).absolute()
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "lineageflow", "copies")

    @property
    def base_ref(self) -> str:
        """What is read outside of a run."""
        return self.base or self.into or Repository(self.catalog, self.repository).info.default_branch

    def session(self, context: OpContext) -> RunSession:
        """Returns the session of the running step, for assets that read or write the lake by themselves."""
        step = step_of(context)
        if step is None:
            raise dg.DagsterInvalidInvocationError("there is a session only while a run executes")
        return self.step_session(step)

    def step_session(self, step: Step) -> RunSession:
        """Returns the session of a step, in the process that executes it: the same one each time."""
        run_id = step_run_id(step.run.run_id, step.key, step.retry_number)
        if run_id not in self._sessions:
            self._sessions[run_id] = self._open(
                step.run,
                step_job(step.run.job_name, step.key),
                run_id=run_id,
                code=code_version(step.code_file) if step.code_file else None,
                environment=environment(),
                params={name: str(value) for name, value in step.config.items()},
            )
        return self._sessions[run_id]

    def outside_session(self, run: dg.DagsterRun, step_key: str, retry_number: int) -> RunSession:
        """Returns a session that can tell how a step ended, and leaves the rest to the step's own."""
        run_id = step_run_id(run.run_id, step_key, retry_number)
        return self._open(run, step_job(run.job_name, step_key), run_id=run_id)

    def pipeline_session(self, run: dg.DagsterRun, *, resumes: bool) -> RunSession:
        """Returns the session of a whole run. `resumes`: it executes some steps of its parent run again."""
        return self._open(
            run,
            pipeline_job(run.job_name),
            run_id=RunId(run.run_id),
            code=code_version(Path.cwd()),
            environment=environment(),
            params={name: value for name, value in run.tags.items() if not name.startswith(".")},
            bounds=parent_bounds(run, self.catalog, self.repository) if resumes else None,
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
    ) -> RunSession:
        defaults = Bounds(base=self.base, into=self.into)
        bounds = bounds or bounds_of(run, self.catalog, self.repository, defaults=defaults)
        return RunSession(
            self.catalog,
            self.repository,
            job,
            run_id=run_id,
            pipeline=RunId(run.run_id),
            base=bounds.base,
            into=bounds.into,
            author=self.author,
            code=code,
            environment=environment,
            params=params,
        )
