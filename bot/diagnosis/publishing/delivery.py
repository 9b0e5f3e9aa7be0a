"""What lines say of the callbacks between the LLM provider and CJ, frozen; whoever's they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.diagnosis.publishing.memory import (
    PublishedCallback,
    PublisherMemory,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What lines say of callbacks between the provider and CJ, whoever's they are.

    `memory` is what the provider's publisher holds and lost, `untaken` what Kafka took and CJ did
    not, `taken_at` when CJ last took one. `heard` says that CJ's log was read from before on,
    `at_work` that it has not ended with the last one that it took. `overtaken` holds, by queue id,
    when CJ first took a callback that was published clearly later than one that it did not take,
    `regrouped_at` when its consumer first began under another group's name, `skipped_at` when Kafka
    last had no longer what it asked for next.
    """

    memory: PublisherMemory = field(default_factory=PublisherMemory)
    untaken: tuple[PublishedCallback, ...] = ()
    taken_at: datetime | None = None
    heard: bool = False
    at_work: bool = False
    overtaken: Mapping[str, datetime] = field(default_factory=dict)
    regrouped_at: datetime | None = None
    skipped_at: datetime | None = None
