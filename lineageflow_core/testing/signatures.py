"""Whether an implementation has the signatures of its Protocol: what no type checker sees at run time."""

import inspect


def assert_same_signatures(protocol: type, implementation: object) -> None:
    """Asserts that each method of `protocol` has the same parameters and annotations in `implementation`."""
    promised = {name: _signature(protocol, name) for name in _public_methods(protocol)}
    assert promised == {name: _signature(type(implementation), name) for name in promised}


def _public_methods(protocol: type) -> list[str]:
    return [name for name, value in vars(protocol).items() if inspect.isfunction(value) and name[:1] != "_"]


def _signature(owner: type, name: str) -> inspect.Signature | None:
    method = getattr(owner, name, None)
    return inspect.signature(method, eval_str=True) if method is not None else None
