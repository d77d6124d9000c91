"""Previews through the API, of files as people have them and of files as nobody should."""

import io
import struct
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from lineageflow_core.catalog import Catalog
from lineageflow_core.connect import connect
from lineageflow_core.imports import import_objects
from lineageflow_core.model.change import replace
from lineageflow_core.model.settings import QuarantinePolicy, RepositorySettings
from lineageflow_core.repository import Repository
from tests.server.serving import api_of

NAME = "files"


@pytest.fixture(scope="module")
def lake() -> Catalog:
    catalog = connect("memory:")
    Repository(catalog, NAME).create()
    return catalog


@pytest.fixture(scope="module")
def api(lake: Catalog) -> TestClient:
    return api_of(lake)


@pytest.fixture
def show(lake: Catalog, api: TestClient) -> Any:
    """Stores files as one dataset, and returns the preview of it."""

    def show(files: Mapping[str, bytes], path: str = "d", limit: int = 50) -> dict[str, Any]:
        entries = lake.content.upload(NAME, list(files.values()))
        named = [
            type(entry)(path=name, object_id=entry.object_id, size=entry.size)
            for name, entry in zip(files, entries, strict=True)
        ]
        lake.history.commit(NAME, "main", [replace("d", named)], author="ada", message="files")
        query: dict[str, str | int] = {"ref": "main", "path": path, "limit": limit}
        answer = api.get(f"/repositories/{NAME}/preview", params=query)
        assert 200 == answer.status_code, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    return show


def test_an_imported_table_is_shown_from_where_it_is(lake: Catalog, api: TestClient, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(_parquet(n=[1, 2]))
    (tmp_path / "b.csv").write_bytes(b"n\n3\n")
    import_objects(lake, NAME, tmp_path, "imported", branch="main", author="ada")
    for name, rows in (("a.parquet", 2), ("b.csv", 1)):
        answer = api.get(
            f"/repositories/{NAME}/preview", params={"ref": "main", "path": f"imported/{name}", "limit": 50}
        )
        assert (200, rows) == (answer.status_code, len(answer.json()["table"]["rows"])), answer.text
    (tmp_path / "b.csv").write_bytes(b"n\n3\n4\n")
    answer = api.get(
        f"/repositories/{NAME}/preview", params={"ref": "main", "path": "imported/b.csv", "limit": 5}
    )
    assert "changed_underneath" in answer.text


def _parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, row_group_size=3)
    return file.getvalue()


def test_a_dataset_of_parquet_files_is_one_table(show: Any) -> None:
    files = {
        "2013-07/a.parquet": _parquet(carrier=["AA", None], delay=[5, 7]),
        "2013-08/a.parquet": _parquet(carrier=["UA"], delay=[9]),
        "_SUCCESS": b"",
    }
    shown = show(files, limit=2)
    assert ("table", 3, sum(map(len, files.values()))) == (shown["kind"], shown["objects"], shown["size"])
    assert {
        "columns": [
            {"name": "carrier", "type": "string", "nulls": 1},
            {"name": "delay", "type": "int64", "nulls": 0},
        ],
        "rows": [["AA", 5], [None, 7]],
        "row_count": 3,
        "truncated": True,
    } == shown["table"]


def test_one_partition_and_one_object_are_shown_alone(show: Any) -> None:
    files = {"x=1/a.parquet": _parquet(n=[1]), "x=2/a.parquet": _parquet(n=[2])}
    rows = [show(files, path)["table"]["rows"] for path in ("d/x=2", "d/x=1/a.parquet")]
    assert [[[2]], [[1]]] == rows


def test_rows_come_from_as_many_files_and_groups_as_are_needed(show: Any) -> None:
    files = {f"{index}.parquet": _parquet(n=[index * 10 + row for row in range(4)]) for index in range(3)}
    shown = show(files, limit=9)["table"]
    assert [[n] for n in (0, 1, 2, 3, 10, 11, 12, 13, 20)] == shown["rows"]


def test_files_with_other_columns_leave_gaps(show: Any) -> None:
    shown = show({"a.parquet": _parquet(a=[1], b=[2]), "b.parquet": _parquet(b=[3], c=[4])})["table"]
    assert [[1, 2], [None, 3]] == shown["rows"]


def test_values_that_json_or_a_browser_does_not_hold_are_text(show: Any) -> None:
    content = _parquet(
        large=[2**60],
        nan=[float("nan")],
        when=pa.array([2**62], pa.timestamp("ns", "UTC")),
        far=pa.array([2**57], pa.timestamp("ms")),
        price=[Decimal("1.50")],
        raw=[b"\x00\xff" * 100],
        long=["x" * 2000],
        nested=[{"a": [1, 2], "b": {"c": None}}],
        many=[list(range(100))],
    )
    [row] = show({"a.parquet": content})["table"]["rows"]
    large, nan, when, _far, price, raw, long, nested, many = row
    assert ("1152921504606846976", "nan", "1.50") == (large, nan, price)
    assert when.startswith("2116-02-20")
    assert ("0x" + "00ff" * 16 + "…", "x" * 1000 + "…") == (raw, long)
    assert ({"a": [1, 2], "b": {"c": None}}, [*range(20), "…"]) == (nested, many)


def test_a_table_with_columns_of_one_name_is_shown(show: Any) -> None:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), file)
    shown = show({"a.parquet": file.getvalue()})
    assert shown["kind"] in {"table", "unavailable"}


def test_an_empty_table_has_columns_and_no_rows(show: Any) -> None:
    shown = show({"a.parquet": _parquet(n=pa.array([], pa.int32()))})["table"]
    assert ([{"name": "n", "type": "int32", "nulls": 0}], [], 0, False) == (
        shown["columns"],
        shown["rows"],
        shown["row_count"],
        shown["truncated"],
    )


GOOD = _parquet(n=list(range(100)), s=["text"] * 100)
HOSTILE = {
    "empty": b"",
    "magic only": b"PAR1",
    "cut off": GOOD[:-20],
    "no head": GOOD[50:],
    "noise": bytes(range(256)) * 40,
    "huge footer": GOOD[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1",
    "damaged pages": GOOD[:4] + b"\xff" * 40 + GOOD[44:],
    "damaged footer": GOOD[:-60] + b"\x7f" * 40 + GOOD[-20:],
    "encrypted": GOOD[:-4] + b"PARE",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_broken_parquet_file_is_told_and_not_a_failure(content: bytes, show: Any) -> None:
    shown = show({"a.parquet": content})
    assert ("unavailable", None) == (shown["kind"], shown["table"])
    assert shown["problem"].startswith("'d/a.parquet' cannot be shown: ")


def test_csv_is_a_table_with_types_that_fit_every_value(show: Any) -> None:
    content = 'zip;n;x;name\n00123;1;1.5;"a;b"\n4;;2;ünl\n'.encode()
    shown = show({"a.csv": content})["table"]
    assert ["string", "integer", "number", "string"] == [column["type"] for column in shown["columns"]]
    assert [["00123", 1, 1.5, "a;b"], ["4", None, 2.0, "ünl"]] == shown["rows"]
    assert (2, False, 1) == (shown["row_count"], shown["truncated"], shown["columns"][1]["nulls"])


def test_of_a_long_csv_the_start_is_shown_and_the_count_is_unknown(show: Any) -> None:
    shown = show({"a.csv": b"a,b\n" + b"1,2\n" * 400_000}, limit=3)["table"]
    assert ([[1, 2]] * 3, None, True) == (shown["rows"], shown["row_count"], shown["truncated"])


@pytest.mark.parametrize(
    "content, kind",
    [
        (b"", "table"),
        (b"a,b\n1\n1,2,3\n", "table"),
        (b'a\n"open', "table"),
        ("a,b\nü,1\n".encode("cp1252"), "table"),
        ("a,b\nü,1\n".encode("utf-16"), "table"),
        (b"a,b\n\x00\x01,2\n", "unavailable"),
        (b"x" * 900_000, "unavailable"),
        (b"," * 900_000, "table"),
    ],
    ids=["empty", "ragged", "open quote", "latin", "utf-16", "binary", "one cell", "many columns"],
)
def test_any_csv_has_an_answer(content: bytes, kind: str, show: Any) -> None:
    assert kind == show({"a.csv": content})["kind"]


def test_json_lines_are_a_table(show: Any) -> None:
    shown = show({"a.jsonl": b'{"a": 1, "b": {"c": 2}}\n\n{"a": 2.5, "d": true}\n'})["table"]
    assert [["a", "number"], ["b", "object"], ["d", "boolean"]] == [
        [column["name"], column["type"]] for column in shown["columns"]
    ]
    assert [[1, {"c": 2}, None], [2.5, None, True]] == shown["rows"]


def test_a_json_array_of_objects_is_a_table_and_other_json_is_text(show: Any) -> None:
    assert [[1], [2]] == show({"a.json": b'[{"a": 1}, {"a": 2}]'})["table"]["rows"]
    assert '{"a": [1]}' == show({"a.json": b'{"a": [1]}'})["text"]["text"]


@pytest.mark.parametrize(
    "name, content, kind",
    [
        ("a.jsonl", b"[1, 2]\n", "unavailable"),
        ("a.jsonl", b'{"a": 1}\nnot json\n', "unavailable"),
        ("a.json", b"[" * 500_000, "unavailable"),
        ("a.json", b'{"a": ', "text"),
        ("a.jsonl", b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "table"),
        ("a.json", b'[{"a": 1e999}]', "table"),
    ],
    ids=["no object", "half json", "deep", "cut off", "deep lines", "infinite"],
)
def test_any_json_has_an_answer(name: str, content: bytes, kind: str, show: Any) -> None:
    assert show({name: content})["kind"] in {kind, "text", "unavailable"}


@pytest.mark.parametrize("name", ["README.md", "page.html", "notes.txt", "LICENSE", "model.unknown"])
def test_text_is_shown_as_text_whatever_its_name(name: str, show: Any) -> None:
    shown = show({name: "# ünlü\n".encode()})
    assert ("text", {"text": "# ünlü\n", "truncated": False}) == (shown["kind"], shown["text"])


def test_of_a_long_text_the_first_64_kib_are_shown(show: Any) -> None:
    shown = show({"a.txt": b"x" + "ü".encode() * 100_000})["text"]
    assert (64 << 10, True) == (len(shown["text"].encode()) + 1, shown["truncated"])


def test_bytes_are_shown_as_their_size(show: Any) -> None:
    shown = show({"model.bin": bytes(range(256))})
    assert ("binary", 256, None, None) == (shown["kind"], shown["size"], shown["table"], shown["text"])


def test_what_is_quarantined_is_told_or_kept_back(lake: Catalog, api: TestClient, show: Any) -> None:
    assert [] == show({"notes.txt": b"quarantined"})["notices"]
    lake.quarantine.quarantine(NAME, f"lf://{NAME}/d", reason="it is empty", author="ada")
    query: dict[str, str | bool] = {"ref": "main", "path": "d"}

    def reasons() -> list[str]:
        answer = api.get(f"/repositories/{NAME}/preview", params=query).raise_for_status()
        return [notice["quarantine"]["reason"] for notice in answer.json()["notices"]]

    assert ["it is empty"] == reasons()
    lake.settings.update_settings(NAME, RepositorySettings(quarantine=QuarantinePolicy.STOP), author="ada")
    stopped = api.get(f"/repositories/{NAME}/preview", params=query)
    assert (409, "quarantined") == (stopped.status_code, stopped.json()["kind"])
    query["allow_quarantined"] = True
    assert ["it is empty"] == reasons()


@pytest.mark.parametrize(
    "query, status",
    [
        ({"ref": "main", "path": "nothing"}, 404),
        ({"ref": "nowhere", "path": "d"}, 404),
        ({"ref": "main", "path": "../x"}, 422),
        ({"ref": "main"}, 422),
        ({"ref": "main", "path": "d", "limit": "0"}, 422),
        ({"ref": "main", "path": "d", "limit": "1001"}, 422),
    ],
    ids=["no path", "no ref", "bad path", "path missing", "no rows", "too many"],
)
def test_what_cannot_be_asked_is_an_error(query: dict[str, str], status: int, api: TestClient) -> None:
    assert status == api.get(f"/repositories/{NAME}/preview", params=query).status_code
