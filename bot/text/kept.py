"""What is kept as JSON values and read again, maybe by another version."""

from datetime import datetime

# What a value of another shape raises where it is read.
OTHER_SHAPE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def moment_of(value: object) -> datetime | None:
    """Return a moment that was kept, None where none can be read."""
    try:
        return kept_moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


def kept_moment(text: str) -> datetime:
    """Return a moment that was kept. Raises ValueError for one that names no time zone."""
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError("a moment that names no time zone")
    return moment
