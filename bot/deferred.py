"""Does at its first use what would else be done at each start: imports, regular expressions."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any


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


if TYPE_CHECKING:
    Pattern = re.compile
else:

    class Pattern:
        """A regular expression, as `re.compile` makes it, that is compiled at its first use.

        A start has no use for most of them, and to compile one takes a tenth of a millisecond.
        Its methods are the compiled one's own from then on. Raises re.error then, too.
        """

        def __init__(self, text: str, flags: int = 0) -> None:
            self._given = text, flags

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            found = getattr(re.compile(*self._given), name)
            setattr(self, name, found)
            return found
