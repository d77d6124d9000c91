"""Texts in the repository `sales`, as tasks write and read them, and as everybody sees them."""

from airflow.sdk import ObjectStoragePath

from lineageflow_core import Lake
from lineageflow_core.run import outside_runs


def put(path: str, text: str) -> None:
    ObjectStoragePath(f"lf://sales/{path}").write_text(text)


def get(path: str) -> str:
    return str(ObjectStoragePath(f"lf://sales/{path}").read_text())


@outside_runs()
def on_main(lake: Lake) -> dict[str, str]:
    repository = lake.repository("sales")
    return {
        entry.path: repository.read_bytes(entry.path).decode()
        for entry in repository.catalog.objects.list_objects("sales", "main").items
    }
