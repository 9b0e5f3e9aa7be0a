"""One thing that was tried with somebody's rights."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """What `actor` tried, whether it worked, and whether it should."""

    actor: str
    what: str
    worked: bool
    should: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether more was possible than should be, or less."""
        return self.worked != self.should


def wrong(attempts: list[Attempt]) -> list[Attempt]:
    """Return what is not as it should be; also that nothing was tried at all."""
    assert attempts
    return [one for one in attempts if one.is_wrong]
