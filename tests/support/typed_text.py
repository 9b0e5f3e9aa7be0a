"""Makes typed text refuse to be formatted into a string in tests; a pytest plug-in.

Outside of tests such a slip shows an ISO-8601 time instead of breaking an answer.
"""

from bot.domain.words import Words


def _refuse(self: Words, spec: str) -> str:
    raise TypeError(f"typed text was formatted before a renderer worded it: {self.parts!r}")


setattr(Words, "__format__", _refuse)  # noqa: B010 - a type checker takes no other way
