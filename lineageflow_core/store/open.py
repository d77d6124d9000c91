"""From a URL to the bucket or the content store that it names.

Nothing is asked of the storage here; what it lets us do shows with the first use, or with `probe.py`.
"""

from contextlib import suppress
from pathlib import Path

from lineageflow_core.model.storage import Provider, StorageUrl, parse_storage
from lineageflow_core.store.bucket import BucketContentStore
from lineageflow_core.store.buckets import Bucket
from lineageflow_core.store.buckets.caching import CachingBucket
from lineageflow_core.store.buckets.over_fsspec import FsspecBucket
from lineageflow_core.store.buckets.over_obstore import ObstoreBucket
from lineageflow_core.store.cache import ReadCache
from lineageflow_core.store.local import LocalContentStore
from lineageflow_core.store.ports import ContentStore


def open_content(url: str, *, cache: ReadCache | None = None) -> ContentStore:
    """Returns the content at `url`: `s3://`, `gs://`, `az://`, `abfs://`, `file://` or `memory://`.

    `cache` keeps what is read from a bucket on this machine. Raises InvalidInputError if the URL is none of
    these or holds a secret, or if what it needs is not installed.
    """
    return _content_at(parse_storage(url), cache)


def open_content_of(repository: str, storage: str, *, cache: ReadCache | None = None) -> ContentStore:
    """Returns the content of the repository with this id below `storage`. Raises as `open_content` does.

    It lies in a folder called as the id, so that no two repositories ever share, or collect, each other's.
    """
    return _content_at(parse_storage(storage).below(repository), cache)


def open_bucket(url: StorageUrl) -> Bucket:
    """Returns the bucket that a URL names: S3 through obstore where that is installed, all else by fsspec."""
    if url.provider is Provider.S3:
        with suppress(ImportError):  # it is faster, and not needed
            return ObstoreBucket(url)
    return FsspecBucket(url)


def _content_at(url: StorageUrl, cache: ReadCache | None) -> ContentStore:
    if url.provider is Provider.FOLDER:
        return LocalContentStore(Path(url.path))  # durable, and faster than fsspec
    bucket = open_bucket(url)
    return BucketContentStore(bucket if cache is None else CachingBucket(bucket, cache))
