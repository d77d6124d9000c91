"""Hypothesis strategies for the model's values: any that a store must keep exactly."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Evidence, Io, Version
from lineageflow_core.model.run import CodeVersion, Job, Run, RunState
from lineageflow_core.store.ports import RunFacts

contract_settings = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
"""For properties in a suite: examples share the stores, but no repository and no run; and several classes
run one property, each on stores of its own."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
"""Any text that has an encoding."""
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
run_ids = st.uuids().map(lambda uuid: RunId(str(uuid)))
instants = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda instant: instant.replace(tzinfo=UTC)
)
"""Any instant, to the microsecond, before and after 1970."""


@st.composite
def first_commits(draw: st.DrawFn) -> Commit:
    """Commits without parents, and with anything else."""
    return make_commit(
        parents=(),
        root=draw(digests),
        author=draw(texts),
        message=draw(texts),
        created_at=draw(instants),
        metadata=draw(st.dictionaries(texts, texts, max_size=3)),
        run_id=draw(st.none() | run_ids),
        replaced=draw(st.lists(texts, max_size=3)),
    )


runs = st.builds(
    Run,
    id=run_ids,
    job=st.builds(Job, namespace=texts, name=texts),
    state=st.sampled_from(RunState),
    parent=st.none() | run_ids,
    started_at=st.none() | instants,
    ended_at=st.none() | instants,
    code=st.none()
    | st.builds(CodeVersion, revision=texts, repository_url=st.none() | texts, path=st.none() | texts),
    environment=st.dictionaries(texts, texts, max_size=3),
    params=st.dictionaries(texts, texts, max_size=3),
    error=st.none() | texts,
)

versions = st.builds(
    Version,
    namespace=texts,
    name=texts,
    partition=texts,
    version=st.none() | texts.filter(bool),
)


@st.composite
def run_facts(draw: st.DrawFn) -> RunFacts:
    """Facts about any run, which may read what it writes."""
    run = draw(runs)
    ios = st.builds(
        lambda version, dataset_type: Io(
            run_id=run.id,
            version=version,
            evidence=Evidence.UNKNOWN if version.version is None else Evidence.EXPLICIT,
            dataset_type=dataset_type,
        ),
        versions,
        st.none() | texts,
    )
    side = st.lists(ios, max_size=4, unique_by=lambda io: io.version).map(tuple)
    return RunFacts(run=run, reads=draw(side), writes=draw(side))
