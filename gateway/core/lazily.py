"""Names that a package gives from its modules, each imported when it is first asked for (PEP 562)."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazily(package: str, names: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """The `__getattr__` of a package: `names` are module → what is taken from it. Type checkers see the imports that
    stand beside it under `TYPE_CHECKING`."""
    modules = {name: module for module, those in names.items() for name in those}

    def take(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return take
