"""Callbacks (LLMComparisonResultV1 in its envelope) as facts, without their student text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.border.outside import seal


@dataclass(frozen=True, slots=True)
class RejectedCallback:
    """A callback that fails its contract: when, which field, in which mode, whose.

    `field` is the failing field (`essay_a_id`, `prompt_sha256`, `correlation_id`, `model`, ...),
    `mode` the queue processing mode or "unknown", `text` a redacted line for people.
    """

    at: datetime | None
    field: str
    mode: str
    source: str
    correlation_id: str = ""
    provider: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        seal(
            self,
            texts=("correlation_id",),
            names=(
                "field",
                "mode",
                "provider",
            ),
        )


@dataclass(frozen=True, slots=True)
class SeenCallback:
    """A callback seen on the topic: its ids, when it was published, which fields are rejected.

    `rejected` names each field that the contract or the runner turns away; those of them that
    are there but wrong stand in `malformed` as well, the others are missing. Envelope fields
    begin with `envelope.`; `json` is a message that is no JSON object. `mode` is the LLM
    provider's queue processing mode and `bundle_size` the preferred one of the callback's
    metadata; empty or None where the callback does not say. `consumed` says whether CJ's
    consumer group has acknowledged it, None where that was not or could not be asked.
    """

    at: datetime
    correlation_id: str
    request_id: str
    is_error: bool
    bos_batch_id: str = ""
    mode: str = ""
    provider: str = ""
    bundle_size: int | None = None
    rejected: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    consumed: bool | None = None

    def __post_init__(self) -> None:
        seal(
            self,
            texts=(
                "correlation_id",
                "request_id",
                "bos_batch_id",
            ),
            names=(
                "mode",
                "provider",
                "rejected",
                "malformed",
            ),
        )


@dataclass(frozen=True, slots=True)
class ConsumerBacklog:
    """How far a service's consumer group has come on the callback topic.

    `behind` counts messages not acknowledged yet, None when the group never acknowledged any.
    `beyond_end`: it waits for an offset that `topic` does not reach, so it receives nothing;
    the topic was recreated. `recreations` counts how often each topic that is read was seen to be
    recreated since this process reads.
    """

    group: str
    behind: int | None
    beyond_end: bool = False
    recreations: Mapping[str, int] = field(default_factory=dict)
    topic: str = ""
