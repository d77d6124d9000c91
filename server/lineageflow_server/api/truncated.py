"""How an answer that is a file, or in somebody else's shape, says that it has not all there is."""


def truncated_header(*, truncated: bool) -> dict[str, str]:
    """Returns the header `LineageFlow-Truncated: true`, or none."""
    return {"LineageFlow-Truncated": "true"} if truncated else {}
