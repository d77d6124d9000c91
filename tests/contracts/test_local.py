"""The contract of content, kept by a folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lineageflow_core.model.ids import ObjectId
from lineageflow_core.store.local import LocalContentStore
from lineageflow_core.testing.content_store import ContentStoreContract, TrashContract


@pytest.fixture
def content(tmp_path: Path) -> LocalContentStore:
    return LocalContentStore(tmp_path / "content")


@pytest.fixture
def damage(tmp_path: Path) -> Callable[[ObjectId], None]:
    def change(object_id: ObjectId) -> None:
        path = tmp_path / "content" / "objects" / object_id[:2] / object_id[2:]
        path.chmod(0o600)
        with path.open("r+b") as file:
            first = file.read(1)[0]
            file.seek(0)
            file.write(bytes([first ^ 1]))

    return change


class TestContent(ContentStoreContract): ...


class TestTrash(TrashContract): ...
