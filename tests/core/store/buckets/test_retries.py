from collections.abc import Callable

import pytest

from lineageflow_core.errors import AccessDeniedError, StorageError, StorageFullError
from lineageflow_core.store.buckets.retries import ATTEMPTS, RetryingBucket
from lineageflow_core.testing.faults import Fault, FaultKind, FaultyBucket
from tests.core.store.buckets.recording import RecordingBucket


def test_pauses_grow_and_differ(bucket: RecordingBucket) -> None:
    down = Fault(kind=FaultKind.THROTTLED, operation="size", calls=range(1, 1000))
    runs: list[list[float]] = []
    for _ in range(40):
        pauses: list[float] = []
        with pytest.raises(StorageError):
            RetryingBucket(FaultyBucket(bucket, [down]), pause=pauses.append).size("a")
        runs.append(pauses)
    assert {ATTEMPTS - 1} == {len(pauses) for pauses in runs}
    longest = [max(pauses[at] for pauses in runs) for at in range(ATTEMPTS - 1)]
    assert sorted(longest) == longest
    assert 40 == len({pauses[0] for pauses in runs})


@pytest.mark.parametrize(
    "error", [AccessDeniedError("no"), StorageFullError("full"), FileNotFoundError("none")]
)
def test_what_another_attempt_does_not_help_against_is_not_tried_again(
    bucket: RecordingBucket, error: Exception
) -> None:
    calls: list[str] = []

    class Failing(RecordingBucket):
        def size(self, name: str) -> int | None:
            calls.append(name)
            raise error

    with pytest.raises(type(error)):
        RetryingBucket(Failing(bucket), pause=_no_pause).size("a")
    assert ["a"] == calls


def test_an_upload_whose_answer_was_lost_is_not_sent_again(bucket: RecordingBucket) -> None:
    begun: list[int] = []

    def chunks() -> list[bytes]:
        begun.append(1)
        return [b"123", b"45"]

    with FaultyBucket(bucket, [Fault(kind=FaultKind.LOST_RESPONSE, operation="upload")]) as faulty:
        RetryingBucket(faulty, pause=_no_pause).upload("a", chunks, size=5)
    assert (1, b"12345") == (len(begun), bucket.read("a", 0, 10))


def test_an_upload_that_failed_is_sent_anew(bucket: RecordingBucket) -> None:
    with FaultyBucket(bucket, [Fault(kind=FaultKind.TORN_WRITE, operation="upload")]) as faulty:
        RetryingBucket(faulty, pause=_no_pause).upload("a", lambda: iter([b"123", b"45"]), size=5)
    assert b"12345" == bucket.read("a", 0, 10)


_no_pause: Callable[[float], None] = lambda _: None  # noqa: E731
