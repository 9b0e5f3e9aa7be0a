"""While the provider queues in its own memory, people are told, and not to restart it."""

from collections.abc import Sequence

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.services.local_queue import LocalQueue
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

ID = "5352ba4c-6226-458c-aa82-24ff1fa071a4"
LOCAL = f"Using local queue for request {ID}"
UNHEALTHY = "Redis marked unhealthy after 3 failures: Connection refused"
PING = "Queue Redis ping failed - connection error for client 'llm_provider_service-queue-redis'"


async def _judged(*lines: str, role: Role = Role.LLM_PROVIDER, quiet: int = 0) -> Judgement:
    events = tuple(said(NOW - quiet * TICK, one, role=role) for one in lines)
    ticks: Sequence[tuple[LogEvent, ...]] = [events, *[()] * quiet]
    watches = [
        GivenWatch(NOW - n * TICK, NOW - (n + 1) * TICK, logs=Followed(one))
        for n, one in zip(range(quiet, -1, -1), ticks, strict=True)
    ]
    return await played(LocalQueue(QuietSettings()), watches)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([UNHEALTHY, LOCAL, LOCAL.replace("5352", "9999")], "keeps 2 requests in its own memory"),
        # It failed and was tried again while Redis was away.
        ([UNHEALTHY, LOCAL, LOCAL, LOCAL], "keeps 1 request in its own memory"),
        ([UNHEALTHY], "Redis is away: the LLM provider cannot reach Redis"),
        ([PING], "Redis is away: the LLM provider cannot reach Redis"),
        ([PING, LOCAL], "Redis is away: the LLM provider keeps 1 request in its own memory"),
        ([LOCAL], "Redis fails: the LLM provider keeps 1 request in its own memory"),
    ],
)
async def test_it_tells_what_the_provider_keeps_itself(lines: list[str], kept: str) -> None:
    (found,) = (await _judged(*lines)).conditions
    assert kept in str(found.headline)
    assert "do not restart" in str(found.next[1])


async def test_it_is_over_when_it_was_quiet_for_long_and_opens_on_nothing_else() -> None:
    assert told(await _judged(LOCAL, quiet=61)) == []
    assert told(await _judged("Redis connection restored", f"Queued request {ID}")) == []
    assert told(await _judged(LOCAL, role=Role.CJ)) == []


DONE = f"Request {ID} completed successfully, correlation_id: c"
OTHER = ID.replace("5352", "9999")


@pytest.mark.parametrize(
    ("lines", "rules", "words"),
    [
        ([LOCAL, DONE], [], "every request that it kept itself was answered"),
        ([LOCAL, DONE.replace(ID, OTHER)], ["local-queue"], "no more came"),
        ([LOCAL, LOCAL.replace(ID, OTHER), DONE], ["local-queue"], "no more came"),
        ([UNHEALTHY, LOCAL, DONE], ["local-queue"], "no more came"),
        ([UNHEALTHY, LOCAL, DONE, "Redis connection restored"], [], "was answered"),
        ([UNHEALTHY, "Redis connection restored"], [], "Redis is reached again"),
        ([PING, LOCAL, DONE], ["local-queue"], "no more came"),
        ([PING, LOCAL, DONE, "Redis connection restored"], [], "was answered"),
        # A restart loses what was kept: that nothing is kept any more is no answer.
        ([LOCAL, "Queue processor started"], ["local-queue"], "what it kept is lost"),
    ],
)
async def test_it_is_over_when_what_was_kept_was_answered(
    lines: list[str], rules: list[str], words: str
) -> None:
    detector = LocalQueue(QuietSettings())
    watches = [
        GivenWatch(NOW + n * TICK, NOW + (n - 1) * TICK, logs=Followed((_said(n, one),)))
        for n, one in enumerate([*lines, *["Queue processor stats"] * 6])
    ]
    first = await played(detector, watches[:1])
    assert told(first) == ["local-queue"]
    assert told(await played(LocalQueue(QuietSettings()), watches[: len(lines)])) == ["local-queue"]
    judgement = await played(LocalQueue(QuietSettings()), watches)
    assert told(judgement) == rules
    assert words in str(judgement.closing["llm_provider_service"])


async def test_what_a_restart_lost_is_told_as_lost_and_not_as_kept() -> None:
    lines = [LOCAL, LOCAL.replace(ID, OTHER), DONE, "Queue processor started"]
    watches = [
        GivenWatch(NOW + n * TICK, NOW + (n - 1) * TICK, logs=Followed((_said(n, one),)))
        for n, one in enumerate(lines)
    ]
    (found,) = (await played(LocalQueue(QuietSettings()), watches)).conditions
    assert found.severity.value == "error"
    assert str(found.headline) == "1 request was lost with the LLM provider's own memory"
    assert found.since == NOW + 3 * TICK


async def test_what_was_answered_within_a_tick_was_kept_all_the_same() -> None:
    both = Followed((_said(0, LOCAL), _said(0, DONE)))
    ticks = [both, *[Followed(())] * 6]
    watches = [
        GivenWatch(NOW + n * TICK, NOW + (n - 1) * TICK, logs=one) for n, one in enumerate(ticks)
    ]
    assert told(await played(LocalQueue(QuietSettings()), watches[:1])) == ["local-queue"]
    judgement = await played(LocalQueue(QuietSettings()), watches)
    assert "was answered" in str(judgement.closing["llm_provider_service"])


async def test_another_process_goes_on_with_what_is_kept() -> None:
    before, after = LocalQueue(QuietSettings()), LocalQueue(QuietSettings())
    sample = await before.sample(GivenWatch(NOW, NOW - TICK, logs=Followed((_said(0, LOCAL),))))
    after.resume((sample,))
    quiet = [GivenWatch(NOW + TICK, NOW, logs=Followed(()))]
    assert (await after.sample(quiet[0])).data["kept"] == {ID: "container"}


def _said(tick: int, text: str) -> LogEvent:
    level = {UNHEALTHY: "warning", PING: "error"}.get(text, "info")
    return said(NOW + tick * TICK, text, level=level, role=Role.LLM_PROVIDER)


NO_LIFE = (
    f"Failed to add request to Redis queue: Command # 3 (SETEX llm:queue:data:{ID} 0 1) of "
    "pipeline caused error: (\"invalid expire time in 'setex' command\",)"
)


async def test_redis_is_not_blamed_for_a_time_to_live_that_the_provider_gave() -> None:
    (found,) = (await _judged(NO_LIFE, LOCAL)).conditions
    assert found.rule == "expired-unanswered"
    assert "Redis refuses that" in str(found.why)
    assert "QUEUE_REQUEST_TTL_HOURS" in str(found.next[1])
    rules = [one.rule for one in (await _judged(NO_LIFE.replace(ID, OTHER), LOCAL)).conditions]
    assert sorted(rules) == ["expired-unanswered", "local-queue"]


UPDATE = f"Failed to update request {ID}: "
DELETE = (
    f"Failed to delete request {ID}: Command # 1 (ZREM llm_provider_service:queue:requests {ID}) "
    "of pipeline caused error: "
)


@pytest.mark.parametrize(
    ("line", "named", "step"),
    [
        (
            UPDATE + "command not allowed when used memory > 'maxmemory'.",
            "memory is full",
            "maxmemory",
        ),
        (DELETE + "(\"command not allowed when used memory > 'maxmemory'.\",)", "memory", "Free"),
        (UPDATE + "You can't write against a read only replica.", "read-only replica", "master"),
        (UPDATE + "MISCONF Redis is configured to save RDB snapshots", "cannot save", "disk"),
        (UPDATE + "NOAUTH Authentication required.", "refuses the login", "password"),
        (UPDATE + "LOADING Redis is loading the dataset in memory", "loading", "wait"),
        (UPDATE + "CLUSTERDOWN Hash slot not served", "cluster is down", "nodes"),
        (UPDATE + "NOREPLICAS Not enough good replicas to write.", "few replicas", "replicas"),
    ],
)
async def test_why_redis_refuses_is_named_with_what_to_do(line: str, named: str, step: str) -> None:
    (found,) = (await _judged(line, line, LOCAL)).conditions
    assert named in str(found.headline)
    assert str(found.severity) == "error"
    assert step in str(found.next[0])
    assert "2 commands refused" in str(found.title)


async def test_a_line_that_names_no_refusal_is_none() -> None:
    assert told(await _judged(UPDATE + "list index out of range")) == []
    full = UPDATE + "command not allowed when used memory > 'maxmemory'."
    assert told(await _judged(full, role=Role.CJ)) == []


async def test_what_is_refused_after_it_was_well_is_an_episode_of_its_own() -> None:
    full = UPDATE + "command not allowed when used memory > 'maxmemory'."
    replica = UPDATE + "You can't write against a read only replica."
    well = f"Queued request {ID} with priority 5, TTL 3600s"
    story = {0: full, 1: well, 20: replica}
    watches = []
    for n in range(21):
        at = NOW + n * TICK
        events = (said(at, story[n], role=Role.LLM_PROVIDER),) if n in story else ()
        watches.append(GivenWatch(at, at - TICK, logs=Followed(events)))
    (found,) = (await played(LocalQueue(QuietSettings()), watches)).conditions
    assert found.since == NOW + 20 * TICK
    assert "memory" not in found.title
    assert "1 command refused" in found.title


async def test_a_refusal_is_over_when_redis_takes_a_write() -> None:
    full = UPDATE + "command not allowed when used memory > 'maxmemory'."
    over = await _judged(full, f"Queued request {ID} with priority 5, TTL 3600s", quiet=5)
    assert told(over) == []
    assert "takes its writes again" in str(list(over.closing.values()))
    assert told(await _judged(full, quiet=5)) == ["local-queue"]
