"""How long work may be kept waiting."""

from lineageflow_core.openlineage.allowance import Allowance


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def wait(allowance: Allowance, clock: Clock, seconds: float) -> float:
    """Waits as long as it is wanted and allowed, and returns how long that was."""
    with allowance.spend() as allowed:
        waited = min(seconds, allowed)
        clock.now += waited
    return waited


def test_no_more_than_the_burst_is_waited_at_once() -> None:
    clock = Clock()
    allowance = Allowance(burst=2.0, share=0.01, clock=clock)
    assert [1.5, 0.5] == [round(wait(allowance, clock, 1.5), 1) for _ in range(2)]
    assert 0.1 > wait(allowance, clock, 1.5)


def test_in_the_long_run_it_is_a_share_of_all_time() -> None:
    clock = Clock()
    allowance = Allowance(burst=2.0, share=0.01, clock=clock)
    worked = waited = 0.0
    for _ in range(1000):
        clock.now += 10.0
        worked += 10.0
        waited += wait(allowance, clock, 60.0)
    assert waited <= 2.0 + 0.01 * (worked + waited)
    assert waited > 0.009 * worked


def test_time_without_waiting_fills_it_up_to_the_burst_and_no_further() -> None:
    clock = Clock()
    allowance = Allowance(burst=2.0, share=0.01, clock=clock)
    wait(allowance, clock, 2.0)
    clock.now += 1e9
    assert 2.0 == wait(allowance, clock, 60.0)
