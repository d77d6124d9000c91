from tests.core.cli.calling import Cli


def test_objects_that_differ_are_listed(seen: Cli) -> None:
    rows = seen.good("diff", "main~1", "main").rows
    assert [
        ["changed", "clean/flights/2013-02/data.csv"],
        ["changed", "models/delay/model.bin"],
        ["changed", "raw/flights/2013-02/data.csv"],
        ["changed", "report.md"],
    ] == [row[:2] for row in rows]


def test_what_was_added_one_way_was_removed_the_other(seen: Cli) -> None:
    there = seen.good("diff", "main~2", "main~1", "report.md").rows[0]
    back = seen.good("diff", "main~1", "main~2", "--", "report.md").rows[0]
    assert ("added", "removed") == (there[0], back[0])
    assert (there[2], there[3]) == (back[3], back[2])
    assert int(there[5]) == -int(back[5]) == int(there[4])


def test_a_path_limits_it(seen: Cli) -> None:
    assert 1 == len(seen.good("diff", "main~1", "main", "--", "raw").rows)


def test_a_range_is_two_refs(seen: Cli) -> None:
    assert seen.good("diff", "main~1", "main").out == seen.good("diff", "main~1..main").out
    assert 1 == len(seen.good("diff", "main~1..main", "raw").rows)
    assert [2, 2] == [seen("diff", wrong).code for wrong in ("main..", "main~1...main")]


def test_objects_are_counted_or_looked_into(seen: Cli) -> None:
    ran = seen("diff", "main~1", "main", "--stat", "--schema")
    assert (2, True) == (ran.code, "choose one" in ran.err)


def test_the_statistics_are_by_dataset(seen: Cli) -> None:
    rows = seen.good("diff", "main~1", "main", "--stat").rows
    assert ["changed", "clean/flights"] == rows[0][:2]
    assert ["0", "0", "1"] == rows[0][4:7]
    assert "2013-02" == rows[0][8]
    assert ["2013-02"] == seen.good("diff", "main~1", "main", "--stat", "--json").json[0]["partitions"]


def test_nothing_differs_from_itself(seen: Cli) -> None:
    ran = seen("diff", "main", "main", "--exit-code")
    assert (0, "") == (ran.code, ran.out)
    assert [] == seen.good("diff", "main", "main", "--json").json


def test_the_exit_code_tells_if_it_is_asked_to(seen: Cli) -> None:
    assert 0 == seen("diff", "main~1", "main").code
    assert 1 == seen("diff", "main~1", "main", "--exit-code").code
    assert 1 == seen("diff", "main~1", "main", "--exit-code", "--stat", "--json").code


def test_a_path_that_is_on_neither_side_is_told_of(seen: Cli) -> None:
    for more in ([], ["--stat"], ["--data"]):
        ran = seen.good("diff", "main~1", "main", "nots.txt", *more)
        assert ("", True) == (ran.out, "nothing at 'nots.txt' on either side" in ran.err)
        assert "" == seen.good("diff", "main~1", "main", "notes.txt", *more).err
    assert "on either side" in seen.good("diff", "--staged", "nots.txt").err


def test_what_moved_is_told_once_with_where_it_was(cli: Cli) -> None:
    cli.good("put", "-", "old/notes.txt", input="some notes")
    cli.good("mv", "old/notes.txt", "new/notes.txt")
    cli.good("commit", "-m", "move")
    [row] = cli.good("diff", "main~1", "main").rows
    assert ("moved", "new/notes.txt", "old/notes.txt") == (row[0], row[1], row[6])
    [row] = cli.good("diff", "main~1", "main", "--stat").rows
    assert ("moved", "new/notes.txt", ["0", "0", "0"]) == (row[0], row[1], row[4:7])
    assert ["1", "old/notes.txt"] == row[9:]
    assert "old/notes.txt" == cli.good("show", "--json").json["changes"][0]["moved_from"]
    assert "old/notes.txt" == cli.good("diff", "main~1", "main", "--json").json[0]["left"]["path"]
    told = [["differs", "new/notes.txt", "moved from 'old/notes.txt', as it was"]]
    assert told == cli.good("diff", "main~1", "main", "--data").rows
    [row] = cli.good("diff", "main~1", "main", "new").rows
    assert ["added", "new/notes.txt"] == row[:2]
