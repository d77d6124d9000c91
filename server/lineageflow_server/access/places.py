"""What clients may make a server read and write: places at or below the URLs that its settings name.

A server reads and writes with its own files and credentials. Without this, anybody who may write to a lake
could read what the server can, write wherever it can, and let it sign requests to any host.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lineageflow_core.catalog import Catalog, Repositories, Transfers
from lineageflow_core.errors import AccessDeniedError
from lineageflow_core.model.storage import Provider, StorageUrl, parse_storage
from lineageflow_server.settings import IMPORT_VARIABLE, STORAGE_VARIABLE, Settings


def fenced(catalog: Catalog, settings: Settings) -> Catalog:
    """Returns `catalog`, which imports from, and keeps content in, only what the settings allow.

    What it imported, and the repositories that it has, stay as they are.
    """
    return replace(
        catalog,
        transfers=_fenced_transfers(catalog.transfers, Fence(settings.import_from)),
        repositories=_fenced_repositories(catalog.repositories, Fence(settings.storage_in)),
    )


class Fence:
    """Tells whether a URL is at or below one of some others: in the same storage, links followed."""

    def __init__(self, urls: Iterable[str]) -> None:
        """Raises InvalidInputError for what is no URL of a storage."""
        self._places = [_real(parse_storage(url)) for url in urls]

    def holds(self, url: StorageUrl) -> bool:
        """Tells whether it is inside."""
        storage, path = _real(url)
        return any(storage == other and _is_below(path, folder) for other, folder in self._places)


def _fenced_transfers(transfers: Transfers, fence: Fence) -> Transfers:
    def check(source: str) -> None:
        url = parse_storage(source)
        if not fence.holds(url):
            raise AccessDeniedError(
                f"this server may not import from {url}: whoever runs it can allow that in "
                f"{IMPORT_VARIABLE}; or put the files, which uploads them",
                source=str(url),
            )

    class Fenced:
        def __getattr__(self, name: str) -> Any:
            return getattr(transfers, name)

        def preview_import(self, repository: str, source: str, *args: Any, **options: Any) -> Any:
            check(source)
            return transfers.preview_import(repository, source, *args, **options)

        def start_import(self, repository: str, branch: str, source: str, *args: Any, **options: Any) -> Any:
            check(source)
            return transfers.start_import(repository, branch, source, *args, **options)

    return Fenced()  # what it does not have it takes from `transfers`


def _fenced_repositories(repositories: Repositories, fence: Fence) -> Repositories:
    class Fenced:
        def __getattr__(self, name: str) -> Any:
            return getattr(repositories, name)

        def create_repository(self, repository: str, *, storage: str | None = None, **options: Any) -> Any:
            url = parse_storage(storage) if storage is not None else None
            if url is not None and not fence.holds(url):
                raise AccessDeniedError(
                    f"this server may not keep content in {url}: whoever runs it can allow that in "
                    f"{STORAGE_VARIABLE}; or name no storage, and the lake keeps it",
                    storage=str(url),
                )
            return repositories.create_repository(repository, storage=storage, **options)

    return Fenced()


def _real(url: StorageUrl) -> tuple[StorageUrl, str]:
    """Returns whose storage it is, and the folder in it. A region says no more than where to ask first."""
    path = os.path.realpath(url.path) if url.provider is Provider.FOLDER else f"/{url.path}"
    endpoint = url.endpoint_url.rstrip("/") if url.endpoint_url else None
    return replace(url, path="", endpoint_url=endpoint, region=None), path


def _is_below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")
