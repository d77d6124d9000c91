"""What a server holds in memory after a million events, and after the first tenth of them.

Not among `make bench`: it takes some ten minutes.

    python -m benchmarks.memory [EVENTS] [sqlite|postgresql]

Events come in batches over several connections, as `intake.py` makes them: of ever new runs and versions, but
the same jobs and datasets. Resident memory is that of the server alone, after all of the events were
acknowledged.
"""

import json
import sys
import time
from itertools import islice
from pathlib import Path

from benchmarks.intake import BATCH, LAKES, in_process, load, make_events
from benchmarks.serving import serving_process

_AT_ONCE = 10_000
_PAGE = 4096


def main(events: int = 1_000_000, kind: str = "sqlite") -> None:
    lakes = {name.lower(): opened for name, opened in LAKES.items()}
    made = (json.dumps(each).encode() for each in make_events(events, 2))
    measured: list[tuple[int, float]] = []
    started, sent = time.perf_counter(), 0
    with lakes[kind]() as (lake, _, _), serving_process(lake) as (process, url, token):
        while some := list(islice(made, _AT_ONCE)):
            in_process(load, url, token, some, BATCH)
            sent += len(some)
            if sent % (events // 10) == 0:
                measured.append((sent, _resident(process.pid)))
                rate = sent / (time.perf_counter() - started)
                print(f"{sent:>9,} events: {measured[-1][1]:,.0f} MiB, {rate:,.0f} a second")
    (first, before), (last, after) = measured[0], measured[-1]
    print(f"{after / before:.2f} times as much after {last:,} events as after {first:,}")


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE / (1 << 20)


if __name__ == "__main__":
    main(*(int(each) if each.isdecimal() else each for each in sys.argv[1:]))  # type: ignore[arg-type]
