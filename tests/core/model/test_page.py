from lineageflow_core.model.page import Page, every


class _Numbers:
    """A list of ten numbers, three a page at most."""

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, int]] = []

    def page(self, after: str | None, limit: int) -> Page[int]:
        self.asked.append((after, limit))
        start = int(after or 0)
        end = start + min(limit, 3)
        return Page(items=tuple(range(start, min(end, 10))), next=str(end) if end < 10 else None)


def test_every_page_is_walked() -> None:
    numbers = _Numbers()
    assert list(range(10)) == list(every(numbers.page))
    assert [None, "3", "6", "9"] == [after for after, _ in numbers.asked]


def test_no_more_is_fetched_than_needed() -> None:
    numbers = _Numbers()
    assert [0, 1] == list(every(numbers.page, most=2))
    assert [(None, 2)] == numbers.asked
