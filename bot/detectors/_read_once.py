"""What each sample of a window says, read once: a window slides along by one sample a tick."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from bot.domain.alert import Sample

T = TypeVar("T")


class ReadOnce(Generic[T]):
    """Reads samples as facts, and remembers those of the window that was asked for last.

    `read` gets a sample and what was read of the one before it; of the first it knows none before,
    or one that has left the window since. Whoever asks sees no difference, but the time it takes.
    """

    def __init__(self, read: Callable[[Sample, T | None], T]) -> None:
        self._read = read
        self._samples: tuple[Sample, ...] = ()
        self._facts: Sequence[T] = ()

    def of(self, samples: tuple[Sample, ...]) -> Sequence[T]:
        """Return what each sample says, in their order."""
        known = self._samples
        gone = next((n for n, one in enumerate(known) if samples and one is samples[0]), 0)
        # Nearly always the same objects, which is all that the comparison looks at then.
        if known[gone:] != samples[: len(known) - gone]:
            gone = len(known)
        facts = [*self._facts[gone:]]
        for sample in samples[len(facts) :]:
            facts.append(self._read(sample, facts[-1] if facts else None))
        self._samples, self._facts = samples, facts
        return facts
