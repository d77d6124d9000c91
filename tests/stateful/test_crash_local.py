"""A process that writes content is killed wherever it can be; what it left is looked at each time."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import pytest
from blake3 import blake3

from lineageflow_core.store.local import LocalContentStore
from lineageflow_core.testing.content_store import object_of

pytestmark = pytest.mark.crash


def killed_at(step: int, root: Path, contents: list[bytes]) -> bool:
    """Writes in a process that kills itself around its n-th call of the system; tells whether it did."""
    child = os.fork()
    if child == 0:
        countdown = step

        def count(_frame: FrameType, event: str, function: object) -> None:
            nonlocal countdown
            if event in {"c_call", "c_return"} and getattr(function, "__module__", "") == "posix":
                countdown -= 1
                if countdown < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.setprofile(count)
            LocalContentStore(root).write_objects(contents)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}
    return status != 0


@pytest.mark.parametrize("batch, stride", [(2, 1), (20, 7)])
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_killed_writer_leaves_whole_objects_or_none(tmp_path: Path, batch: int, stride: int) -> None:
    contents = [os.urandom(10) for _ in range(batch)]
    step = 0
    while killed_at(step, tmp_path / str(step), contents):
        root = tmp_path / str(step)
        for path in root.glob("objects/*/*"):
            assert path.parent.name + path.name == blake3(path.read_bytes()).hexdigest()
        again = LocalContentStore(root).write_objects(contents)
        assert [object_of(each) for each in contents] == again
        assert contents == [LocalContentStore(root).open_object(each.object_id).read() for each in again]
        step += stride
    assert step > 10 * batch
