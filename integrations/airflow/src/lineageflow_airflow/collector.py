"""What a try read and wrote, for Airflow's collector of hook lineage, where lineage tools look.

Once anything is collected, Airflow's OpenLineage provider takes that for all that there is, and drops what
the task declares. So the declared inlets and outlets are reported, too. Datasets are reported, not their
files: the collector takes no more than a hundred. What has an exact version says so in the asset's `extra`,
which the converter to OpenLineage makes a version of.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lineageflow_airflow.assets import EXTRA, DatasetName, parse_uri

if TYPE_CHECKING:
    from lineageflow_airflow.sessions import TrySessions
    from lineageflow_core.openlineage.access import DatasetAccess

Reported = dict[str, dict[str, Any] | None]
"""By URI: what is known of the exact version, or None."""


def report(task_instance: Any, sessions: "TrySessions | None") -> None:
    """Reports what a try read and wrote, and what its task declares, to Airflow's collector.

    Does nothing where nobody would report anything: then what is declared stands.
    """
    task = task_instance.task
    collector = _collector()
    _make_room(collector)
    inputs = _observed(sessions.reads) if sessions is not None else {}
    outputs = _observed(sessions.writes) if sessions is not None else {}
    for uri, said in _events(task_instance).items():
        outputs.setdefault(uri, said)
    if not inputs and not outputs and not collector.has_collected:
        return
    for declared, reported in ((task.inlets, inputs), (task.outlets, outputs)):
        for asset in declared:
            if name := getattr(asset, "uri", None):  # an alias has none
                reported.setdefault(str(name), None)
    for uri, told in inputs.items():
        collector.add_input_asset(task, uri=uri, asset_extra=_extra(told))
    for uri, told in outputs.items():
        collector.add_output_asset(task, uri=uri, asset_extra=_extra(told))


def _observed(accesses: "Iterable[DatasetAccess]") -> Reported:
    from lineageflow_core.openlineage.access import one_per_dataset

    return {
        DatasetName(repository=access.repository, path=access.dataset).uri: _version(access)
        for access in one_per_dataset(accesses)
    }


def _version(access: "DatasetAccess") -> dict[str, Any]:
    told: dict[str, Any] = {"repository": access.repository, "ref": access.ref, "commit": access.commit}
    if len(access.snapshots) == 1 and not access.snapshots[0].partition:
        return told | {"snapshot": access.snapshots[0].snapshot}
    return told | {"partitions": {each.partition: each.snapshot for each in access.snapshots}}


def _events(task_instance: Any) -> Reported:
    """Returns what the task says itself of its outlets of ours, in the `extra` of their events."""
    context = task_instance.get_template_context()
    said: Reported = {}
    for asset in task_instance.task.outlets:
        uri = getattr(asset, "uri", None)
        if uri is None or parse_uri(uri) is None:
            continue
        told = context["outlet_events"][asset].extra.get(EXTRA)
        if isinstance(told, Mapping) and told.get("commit"):
            said[uri] = dict(told)
    return said


def _extra(told: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if told is None else {EXTRA: told}


def _make_room(collector: Any) -> None:
    """Takes out what Airflow's own paths reported of our files: with a hundred, nothing else fits in."""
    from airflow.sdk import ObjectStoragePath

    for entries in (getattr(collector, "_inputs", {}), getattr(collector, "_outputs", {})):
        for key, (asset, context) in list(entries.items()):
            if isinstance(context, ObjectStoragePath) and parse_uri(asset.uri) is not None:
                del entries[key]


def _collector() -> Any:
    try:
        from airflow.sdk.lineage import get_hook_lineage_collector
    except ImportError:  # Airflow 3.1
        from airflow.lineage.hook import get_hook_lineage_collector  # type: ignore[no-redef]
    return get_hook_lineage_collector()
