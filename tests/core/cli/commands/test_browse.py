from base64 import b64decode

from tests.core.cli.calling import Cli


def test_a_folder_is_listed(seen: Cli) -> None:
    assert [
        ["folder", "clean", "3"],
        ["folder", "models", "1"],
        ["dataset", "notes.txt", "1"],
        ["folder", "raw", "3"],
        ["dataset", "report.md", "1"],
    ] == [row[:3] for row in seen.good("ls").rows]
    assert [["dataset", "raw/flights"]] == [row[:2] for row in seen.good("ls", "raw").rows]
    assert 3 == len(seen.good("ls", "raw/flights").rows)


def test_a_state_of_the_past_is_listed(seen: Cli) -> None:
    assert ["notes.txt"] == [row[1] for row in seen.good("ls", "@main~2/").rows]


def test_everything_below_is_listed(seen: Cli) -> None:
    assert 9 == len(seen.good("ls", "-r").rows)
    objects = seen.good("ls", "-r", "raw", "--json").json
    assert [f"raw/flights/2013-0{month}/data.csv" for month in (1, 2, 3)] == [
        each["path"] for each in objects
    ]


def test_one_object_is_listed_as_itself(seen: Cli) -> None:
    ran = seen.good("ls", "raw/flights/2013-01/data.csv")
    assert [["object", "raw/flights/2013-01/data.csv", "1", "17"]] == [row[:4] for row in ran.rows]
    assert "notes.txt" == seen.good("ls", "notes.txt").rows[0][1]


def test_what_is_not_there_is_not_found(seen: Cli) -> None:
    assert (3, "") == (seen("ls", "nothere").code, seen("ls", "nothere").out)
    assert (3, "") == (seen("ls", "-r", "nothere").code, seen("ls", "-r", "nothere", "--json").out)


def test_an_empty_repository_lists_nothing(empty: Cli) -> None:
    assert (0, "") == (empty("ls").code, empty("ls").out)
    assert ([], []) == (empty.good("ls", "--json").json, empty.good("ls", "-r", "--json").json)


def test_bytes_come_out_as_they_went_in(empty: Cli) -> None:
    content = bytes(range(256)) * 5000
    empty.good("put", "-", "a", input=content)
    document = empty.good("cat", "a", "--json").json
    assert ("a", content) == (document["object"]["path"], b64decode(document["content"]))


def test_a_folder_has_no_bytes(seen: Cli) -> None:
    assert 3 == seen("cat", "raw/flights").code
