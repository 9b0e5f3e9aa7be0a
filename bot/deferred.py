"""Gives a package names whose modules are imported when they are first asked for."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module


def deferred(package: str, names: Mapping[str, Iterable[str]]) -> Callable[[str], object]:
    """Return the package's `__getattr__`, for the names of each of its modules."""
    places = {name: f"{package}.{module}" for module, all_of in names.items() for name in all_of}

    def get(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found: object = getattr(import_module(places[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return get
