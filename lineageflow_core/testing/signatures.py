"""Whether an implementation has the signatures of its Protocol: what no type checker sees at run time."""

import inspect
from collections.abc import Callable


def assert_same_signatures(protocol: type, implementation: object) -> None:
    """Asserts that each method of `protocol` has the same parameters and annotations in `implementation`."""
    promised = {name: _parameters(getattr(protocol, name))[1:] for name in _public_methods(protocol)}
    found = {name: getattr(implementation, name, None) for name in promised}
    assert promised == {name: _parameters(method) for name, method in found.items()}


def _public_methods(protocol: type) -> list[str]:
    return [name for name, value in vars(protocol).items() if inspect.isfunction(value) and name[:1] != "_"]


def _parameters(method: Callable[..., object] | None) -> list[object]:
    """Returns the parameters of a method, and last what it returns; nothing where there is none."""
    if method is None:
        return []
    signature = inspect.signature(method, eval_str=True)
    return [*signature.parameters.values(), signature.return_annotation]
