"""What a service's consumer group has acknowledged of a topic, read and never changed.

CJ acknowledges a callback once it has handled it, also one that it could not use. So an offset
below the acknowledged one was consumed, whatever the logs still hold; and a group that stands
beyond the end of a topic receives nothing any more: the topic was recreated (HuleEdu,
2025-11-29), and the service has to be restarted.
"""

import asyncio
from collections.abc import Iterable, Mapping

from bot.domain.evidence import TOPIC
from bot.sources.kafka.errors import RAISED, kafka_error
from bot.sources.kafka.offsets import Partition
from bot.sources.kafka.security import KafkaSecurity

CJ_GROUP = "cj_assessment_consumer_group"


async def acknowledged(
    servers: str,
    partitions: Iterable[Partition],
    *,
    group: str = CJ_GROUP,
    timeout: float = 5.0,
    security: KafkaSecurity = KafkaSecurity(),  # noqa: B008 - it is frozen
) -> Mapping[Partition, int]:
    """Return the offset that a group would read next; nothing of a partition it never read.

    Raises SourceError.
    """
    from aiokafka import TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    admin = AIOKafkaAdminClient(
        bootstrap_servers=servers,
        client_id="batchbot",
        request_timeout_ms=int(timeout * 1_000),
        **security.options(TOPIC),
    )
    try:
        async with asyncio.timeout(timeout):
            await admin.start()
            wanted = [TopicPartition(*one) for one in partitions]
            offsets = await admin.list_consumer_group_offsets(group, partitions=wanted)
    except (KafkaError, *RAISED) as error:
        raise kafka_error(TOPIC, error, "the consumer group cannot be asked for") from error
    finally:
        await asyncio.gather(admin.close(), return_exceptions=True)
    return {tuple(one): int(at.offset) for one, at in offsets.items() if at.offset >= 0}
