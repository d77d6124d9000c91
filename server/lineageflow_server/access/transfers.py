"""What clients may make a server read: sources of imports below the places that its settings name.

A server reads with its own files and credentials, so without this anybody who may write to a lake could read
whatever the server can.
"""

import os
from collections.abc import Iterable
from typing import Any

from lineageflow_core.catalog import Transfers
from lineageflow_core.errors import AccessDeniedError
from lineageflow_core.model.storage import Provider, StorageUrl, parse_storage
from lineageflow_server.settings import IMPORT_VARIABLE


def restricted(transfers: Transfers, import_from: Iterable[str]) -> Transfers:
    """Returns `transfers` that import only from below the URLs `import_from`."""
    allowed = [_real(parse_storage(url)) for url in import_from]

    def check(source: str) -> None:
        url = parse_storage(source)
        if not any(_is_below(_real(url), place) for place in allowed):
            raise AccessDeniedError(
                f"this server may not import from {url}: whoever runs it can allow that in "
                f"{IMPORT_VARIABLE}; or put the files, which uploads them",
                source=str(url),
            )

    class Restricted:
        def __getattr__(self, name: str) -> Any:
            return getattr(transfers, name)

        def preview_import(self, repository: str, source: str, *args: Any, **options: Any) -> Any:
            check(source)
            return transfers.preview_import(repository, source, *args, **options)

        def start_import(self, repository: str, branch: str, source: str, *args: Any, **options: Any) -> Any:
            check(source)
            return transfers.start_import(repository, branch, source, *args, **options)

    return Restricted()  # what it does not have it takes from `transfers`


def _real(url: StorageUrl) -> tuple[object, ...]:
    path = os.path.realpath(url.path) if url.provider is Provider.FOLDER else f"/{url.path}"
    return (url.provider, url.bucket, url.account, url.endpoint_url, path)


def _is_below(source: tuple[object, ...], place: tuple[object, ...]) -> bool:
    *where, path = source
    *allowed, folder = place
    return where == allowed and f"{path}/".startswith(f"{str(folder).rstrip('/')}/")
