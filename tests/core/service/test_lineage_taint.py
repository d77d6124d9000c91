"""What is derived from something bad, and what of it a clean run vouches for."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.lineage import Version
from lineageflow_core.service.taint import clean_versions, derive
from tests.core.service.story import Story, run_id, version, versions

Runs = Mapping[str, tuple[list[str], list[str]]]
"""Name to what the run read and wrote."""


def tainted_by(runs: Runs, *bad: str, named: tuple[str, ...] = ()) -> set[Version]:
    """Returns what is tainted if these runs and versions are bad."""
    store = Story().tell_all(runs).stores.lineage
    found = derive(
        store,
        bad_writes=store.writes([run_id(name) for name in bad]),
        bad_versions=[version(text) for text in named],
    )
    return {item.version for item in found if item.tainted}


def test_everything_downstream_of_a_bad_run_is_tainted() -> None:
    runs: Runs = {
        "ingest": ([], ["raw@1"]),
        "clean": (["raw@1"], ["clean@1"]),
        "report": (["clean@1"], ["report@1"]),
        "other": ([], ["planes@1"]),
    }
    assert versions(["raw@1", "clean@1", "report@1"]) == tainted_by(runs, "ingest")


def test_the_same_content_from_a_clean_run_is_clean_and_so_is_what_follows() -> None:
    runs: Runs = {
        "good": ([], ["raw@1"]),
        "bad": ([], ["raw@1", "raw@2"]),
        "clean": (["raw@1"], ["clean@1"]),
        "wrong": (["raw@2"], ["clean@2"]),
    }
    assert versions(["raw@2", "clean@2"]) == tainted_by(runs, "bad")


def test_a_rewrite_of_what_was_read_does_not_launder() -> None:
    runs: Runs = {"bad": ([], ["raw@1"]), "touch": (["raw@1"], ["raw@1"])}
    assert versions(["raw@1"]) == tainted_by(runs, "bad")


def test_two_runs_cannot_vouch_for_each_other() -> None:
    runs: Runs = {
        "bad": ([], ["a@1"]),
        "there": (["a@1"], ["b@1"]),
        "back": (["b@1"], ["a@1"]),
    }
    assert versions(["a@1", "b@1"]) == tainted_by(runs, "bad")


def test_one_tainted_input_of_a_diamond_is_enough() -> None:
    runs: Runs = {
        "bad": ([], ["left@1"]),
        "good": ([], ["right@1"]),
        "join": (["left@1", "right@1"], ["joined@1"]),
    }
    assert versions(["left@1", "joined@1"]) == tainted_by(runs, "bad")


def test_an_incremental_dataset_stays_tainted_until_it_is_built_anew() -> None:
    runs: Runs = {
        "bad day": (["ledger@1"], ["ledger@2"]),
        "next day": (["ledger@2"], ["ledger@3"]),
        "rebuild": (["source@1"], ["ledger@4"]),
        "day after": (["ledger@4"], ["ledger@5"]),
    }
    assert versions(["ledger@2", "ledger@3"]) == tainted_by(runs, "bad day")


def test_a_version_named_bad_is_never_clean() -> None:
    runs: Runs = {"one": ([], ["raw@1"]), "two": ([], ["raw@1"]), "clean": (["raw@1"], ["clean@1"])}
    assert versions(["raw@1", "clean@1"]) == tainted_by(runs, named=("raw@1",))


def test_a_partition_taints_only_what_read_it() -> None:
    runs: Runs = {
        "bad": ([], ["raw[07]@x"]),
        "july": (["raw[07]@x"], ["daily[07]@x"]),
        "june": (["raw[06]@x"], ["daily[06]@x"]),
    }
    assert versions(["raw[07]@x", "daily[07]@x"]) == tainted_by(runs, "bad")


def test_derived_versions_have_their_distance_and_their_maker() -> None:
    story = Story().tell_all(
        {
            "ingest": ([], ["raw@1"]),
            "clean": (["raw@1"], ["clean@1"]),
            "report": (["raw@1", "clean@1"], ["report@1"]),
            "late": (["report@1"], ["clean@1"]),
        }
    )
    found = derive(story.stores.lineage, bad_writes=story.stores.lineage.writes([run_id("ingest")]))
    assert [
        (version("raw@1"), 0, run_id("ingest")),
        (version("clean@1"), 1, run_id("clean")),
        (version("report@1"), 1, run_id("report")),
    ] == [(item.version, item.degree, item.produced_by) for item in found]


def test_a_bad_version_that_no_run_made_has_no_maker() -> None:
    (found,) = derive(Story().stores.lineage, bad_versions=[version("raw@1")])
    assert (0, None, True) == (found.degree, found.produced_by, found.tainted)


def test_only_the_writes_in_question_are_bad() -> None:
    story = Story().tell_all({"bad": ([], ["flights@1", "weather@1"])})
    in_question = [io for io in story.stores.lineage.writes([run_id("bad")]) if io.version.name == "flights"]
    found = derive(story.stores.lineage, bad_writes=in_question)
    assert [version("flights@1")] == [item.version for item in found]


@pytest.mark.parametrize("named", [True, False])
def test_an_unknown_version_spreads_nothing(named: bool) -> None:  # noqa: FBT001
    unknown = Version(namespace="s3://lake", name="orders")
    assert () == derive(Story().stores.lineage, bad_versions=[unknown] if named else [])


# The oracle: clean means that there is a proof, a finite tree without repetition on any branch.

RUN_NAMES, VERSION_NAMES = "pqrstu", "abcde"
ios = st.dictionaries(
    st.sampled_from(RUN_NAMES),
    st.tuples(
        st.frozensets(st.sampled_from(VERSION_NAMES), max_size=3),
        st.frozensets(st.sampled_from(VERSION_NAMES), max_size=2),
    ),
)


def closure_by_brute_force(
    runs: dict[str, tuple[frozenset[str], frozenset[str]]], start: set[str]
) -> set[str]:
    found = set(start)
    for _ in VERSION_NAMES:
        for reads, writes in runs.values():
            if reads & found:
                found |= writes
    return found


def poisoned_by_brute_force(
    runs: dict[str, tuple[frozenset[str], frozenset[str]]], start: set[str], unproven: set[str]
) -> set[str]:
    """What follows from the start through nothing but content that nobody can prove clean."""
    found = set(start)
    for _ in VERSION_NAMES:
        for reads, writes in runs.values():
            if reads & found:
                found |= writes & unproven
    return found


def is_clean_by_brute_force(
    text: str,
    runs: dict[str, tuple[frozenset[str], frozenset[str]]],
    derived: set[str],
    bad: set[str],
    named: set[str],
    above: frozenset[str] = frozenset(),
) -> bool:
    if text not in derived:
        return True
    if text in named or text in above:
        return False
    return any(
        all(is_clean_by_brute_force(read, runs, derived, bad, named, above | {text}) for read in reads)
        for name, (reads, writes) in runs.items()
        if text in writes and name not in bad
    )


@given(
    runs=ios,
    bad=st.sets(st.sampled_from(RUN_NAMES), max_size=2),
    named=st.sets(st.sampled_from(VERSION_NAMES), max_size=1),
)
def test_taint_agrees_with_a_search_for_proofs(
    runs: dict[str, tuple[frozenset[str], frozenset[str]]], bad: set[str], named: set[str]
) -> None:
    start = named | {text for name in bad & runs.keys() for text in runs[name][1]}
    derived = closure_by_brute_force(runs, start)
    unproven = {text for text in derived if not is_clean_by_brute_force(text, runs, derived, bad, named)}
    expected = unproven & poisoned_by_brute_force(runs, start & unproven, unproven)
    told = {name: (list(reads), list(writes)) for name, (reads, writes) in runs.items()}
    assert versions(f"{text}@1" for text in expected) == tainted_by(
        {
            name: ([f"{r}@1" for r in reads], [f"{w}@1" for w in writes])
            for name, (reads, writes) in told.items()
        },
        *bad,
        named=tuple(f"{text}@1" for text in named),
    )


def test_clean_versions_need_no_store() -> None:
    a, b = version("a@1"), version("b@1")
    clean = clean_versions(
        derived={a, b},
        named=set(),
        bad_writes={(run_id("bad"), a)},
        writers={
            a: [(run_id("bad"), a.dataset), (run_id("good"), a.dataset)],
            b: [(run_id("next"), b.dataset)],
        },
        reads={(run_id("next"), b.dataset): [a]},
    )
    assert {a, b} == clean
