"""What a materialization says about the version that it made, in the keys that Dagster's page knows.

https://docs.dagster.io/guides/build/assets/metadata-and-tags lists the keys that start with `dagster/`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import dagster as dg

from lineageflow_core.model.address import Address
from lineageflow_core.run import Written
from lineageflow_dagster.formats import Described

Metadata = dict[str, dg.MetadataValue]

SNAPSHOT_KEY = "lineageflow/snapshot"
COMMIT_KEY = "lineageflow/commit"
BRANCH_KEY = "lineageflow/branch"
URL_KEY = "lineageflow/url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version that a step wrote: of a dataset, or of one partition of it."""

    written: Written
    described: Described


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """Tells of versions that one step wrote to one asset."""

    repository: str
    branch: str
    """The branch that has them when the step ends."""
    page: str | None
    """Where the lake's page is served."""

    def of_all(self, versions: Mapping[str, Version], changed: Mapping[str, Metadata]) -> dict[str, Metadata]:
        """Returns what materializations say, by partition key; '' is what all of them say.

        `changed` is what there is to say of changes, by partition key.
        """
        first, *others = versions
        metadata = {"": self.of_dataset(versions[first])}
        for key, version in versions.items():
            metadata.setdefault(key if others else "", {}).update(
                self.of_version(version), **changed.get(key, {})
            )
        return metadata

    def of_dataset(self, version: Version) -> Metadata:
        """Returns what holds for the dataset, in whatever partition `version` is."""
        address = Address(repository=self.repository, path=version.written.snapshot.dataset)
        metadata: Metadata = {
            "dagster/uri": dg.MetadataValue.text(str(address)),
            BRANCH_KEY: dg.MetadataValue.text(self.branch),
        }
        if version.described.columns:
            columns = [dg.TableColumn(name, kind) for name, kind in version.described.columns]
            metadata["dagster/column_schema"] = dg.MetadataValue.table_schema(dg.TableSchema(columns))
        return metadata

    def of_version(self, version: Version) -> Metadata:
        """Returns what holds for this version only."""
        written, rows = version.written, version.described.rows
        metadata: Metadata = {
            SNAPSHOT_KEY: dg.MetadataValue.text(written.snapshot.snapshot),
            COMMIT_KEY: dg.MetadataValue.text(written.commit),
        }
        if rows is not None:
            key = "dagster/partition_row_count" if written.snapshot.partition else "dagster/row_count"
            metadata[key] = dg.MetadataValue.int(rows)
        if self.page is not None:
            path = f"{written.snapshot.dataset}/{written.snapshot.partition}".rstrip("/")
            url = data_url(self.page, self.repository, written.commit, path)
            metadata[URL_KEY] = dg.MetadataValue.url(url)
        return metadata


def data_version_of(versions: Mapping[str, Version]) -> str:
    """Returns the data version of what a step wrote, by partition key: the snapshot's id.

    Dagster records a single one for all partitions of a step, so many partitions have a digest of theirs.
    """
    if len(versions) == 1:
        return next(iter(versions.values())).written.snapshot.snapshot
    lines = (f"{key} {version.written.snapshot.snapshot}\n" for key, version in sorted(versions.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def data_url(page: str, repository: str, ref: str, path: str) -> str:
    """Returns where LineageFlow's page shows a dataset or partition."""
    return f"{page.rstrip('/')}/r/{quote(repository)}/tree/{quote(ref)}/{quote(path)}"


def run_url(page: str, run_id: str) -> str:
    """Returns where LineageFlow's page shows a run."""
    return f"{page.rstrip('/')}/runs/{quote(run_id)}"
