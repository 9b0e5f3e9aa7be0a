"""Which calls are a share of all, evenly spread, so that what fails on purpose fails the same."""

from dataclasses import dataclass

# Ten times 0.1 is a little less than one.
ROUNDING = 1e-9


@dataclass(slots=True)
class EvenShare:
    """Counts calls; a share of 0.2 takes each fifth of them."""

    _due: float = 0.0

    def takes(self, share: float) -> bool:
        """Say whether this call is one of the share."""
        if not share > 0:
            return False
        self._due += min(share, 1.0)
        if self._due < 1 - ROUNDING:
            return False
        self._due -= 1
        return True
