"""Spans of time and moments as people say them."""

from datetime import datetime, timedelta

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def spoken(span: timedelta) -> str:
    """Return a span in its two largest units: `42 min`, `1 h 5 min`, `3 d`, `0 s`."""
    left = max(0, round(span.total_seconds()))
    words: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}")
        elif words:
            break
    return " ".join(words[:2]) or "0 s"


def clock(moment: datetime | None) -> str:
    """Return a moment as `23:48:23` UTC, or `?` when it is not known."""
    return f"{moment:%H:%M:%S}" if moment else "?"


def dated(moment: datetime | None) -> str:
    """Return a moment as `2025-11-18 23:48:23` UTC, or `?` when it is not known."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "?"
