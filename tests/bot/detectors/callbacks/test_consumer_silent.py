from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.detectors.callbacks.consumer_silent import ConsumerSilent, ConsumerSilentSettings
from bot.domain.alert import Sample
from bot.domain.batch import BatchSummary, PairCounts
from bot.domain.callbacks.callback import ConsumerBacklog
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.kafka_lines import blocked, correlation_id, published, recovery, refused
from tests.support.scenes import NOW, TICK, batch, played, told
from tests.support.watches import GivenWatch, said

FAILED = "Failed to publish callback event for request q-1: no broker, correlation_id: 1"
UNREAD = "Error processing LLM comparison callback message"
PROVIDER = {"huleedu_llm_provider_service": Role.LLM_PROVIDER}
CJ = {**PROVIDER, "huleedu_cj_assessment_service": Role.CJ}


def took(number: int) -> str:
    """Return the line of a callback that CJ took."""
    return f"Processing LLM comparison callback for request 00000000-0000-4000-8000-{number:012d}"


@pytest.mark.parametrize("said", ["Received error callback for", "Received successful comparison"])
async def test_a_callback_counts_as_taken_by_either_of_its_lines(said: str) -> None:
    """A log may have a gap of a line between the two."""
    received = [took(n).replace("Processing LLM comparison callback for", said) for n in TWELVE]
    detector = ConsumerSilent(ConsumerSilentSettings())
    assert told(await played(detector, watches({20: wave(*TWELVE), 19: received}))) == []
    both = {20: wave(*TWELVE), 19: [line for n in TWELVE for line in (took(n), received[n])]}
    assert told(await played(detector, watches(both))) == []
    missed = {20: wave(*TWELVE), 19: received[:1]}
    assert told(await played(ConsumerSilent(ConsumerSilentSettings()), watches(missed))) == [
        "consumer-silent"
    ]


def watches(
    texts: dict[int, list[str]], containers: dict[str, Role] = CJ, **more: object
) -> list[GivenWatch]:
    """Return forty ticks; `texts` says what is logged at which, counted from the last."""
    found = []
    for n in range(40, -1, -1):
        at = NOW - TICK * n
        events = tuple(logged(at, text) for text in texts.get(n, ()))
        logs = Followed(events, containers=containers)
        found.append(GivenWatch(at, at - TICK, logs=logs, **more))  # type: ignore[arg-type]
    return found


def logged(at: datetime, text: str) -> LogEvent:
    """Return a line of the service that writes it."""
    mine = text.startswith(("Published", "Failed", "Circuit", "Queued", "Kafka", "Success"))
    return said(at, text, role=Role.LLM_PROVIDER if mine else Role.CJ)


def wave(*numbers: int) -> list[str]:
    """Return the lines of callbacks that are published at once."""
    return [line for number in numbers for line in published(number)]


TWELVE = range(12)


@pytest.mark.parametrize(
    ("texts", "containers", "rules"),
    [
        # A whole wave within one tick.
        ({10: wave(*TWELVE)}, CJ, ["consumer-silent"]),
        ({10: wave(*TWELVE)}, {"assessor-7f9": Role.CJ}, ["consumer-silent"]),
        ({36: wave(0), 30: wave(1), 20: wave(2)}, CJ, ["consumer-silent"]),
        # CJ took the first of them and broke off.
        ({10: [*wave(*TWELVE), took(0)]}, CJ, ["consumer-silent"]),
        # Taken: all, or a later one of each that is missing.
        ({10: [*wave(*TWELVE), *map(took, TWELVE)]}, CJ, []),
        ({10: [*wave(*TWELVE), took(11)]}, CJ, []),
        # CJ's lines come before the provider's.
        ({11: [took(n) for n in TWELVE], 10: wave(*TWELVE)}, CJ, []),
        # CJ is at work on what came before.
        ({10: wave(*TWELVE), 3: [took(99)]}, CJ, []),
        ({10: wave(*TWELVE)}, PROVIDER, []),  # nobody reads CJ's log
        ({5: wave(*TWELVE)}, CJ, []),  # it may still come
        ({36: wave(0, 1)}, CJ, []),
        ({10: [FAILED] * 9}, CJ, []),
        # What Kafka refused lies in the provider's memory, and is taken once that is published.
        ({10: [line for n in TWELVE for line in refused(n) + published(n)]}, CJ, []),
        ({10: [line for n in TWELVE for line in blocked(n) + published(n)]}, CJ, []),
        ({20: [line for n in TWELVE for line in refused(n) + published(n)],
          10: recovery(12, 0)}, CJ, []),
        # A callback that CJ cannot read was taken all the same.
        ({10: [*wave(*TWELVE), *[UNREAD] * 12]}, CJ, []),
        ({}, CJ, []),
    ],
)  # fmt: skip
async def test_a_consumer_that_takes_nothing_is_told(
    texts: dict[int, list[str]], containers: dict[str, Role], rules: list[str]
) -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    assert told(await played(detector, watches(texts, containers))) == rules


@pytest.mark.parametrize(
    ("later", "held", "closing", "lost"),
    [
        ({8: [*published(20), took(20)]}, True, "skipped 12 callbacks published before", 0),
        ({5: [*published(20), took(20)]}, False, "skipped 12 callbacks published before", 12),
        ({5: [took(0)], 4: list(map(took, TWELVE))}, False, "CJ takes callbacks again", 0),
        # Another partition's turn comes a tick later.
        ({6: [took(11)], 5: list(map(took, TWELVE[:11]))}, False, "CJ takes callbacks again", 0),
        ({6: [took(11)], 5: list(map(took, TWELVE[:10]))}, False, "skipped 1 callback", 1),
    ],
)
async def test_what_was_skipped_when_it_takes_again_is_told_as_lost(
    later: dict[int, list[str]], held: bool, closing: str, lost: int
) -> None:
    """A consumer group that begins at the end passes over what was published meanwhile."""
    detector = ConsumerSilent(ConsumerSilentSettings())
    last = 6 if held else 0
    texts = {20: wave(*TWELVE), **later}
    judgement = await played(detector, watches(texts)[: 41 - last])
    headlines = [str(one.headline) for one in judgement.conditions]
    assert headlines == [
        f"CJ skipped {lost} callback{'s' * (lost > 1)}: these answers are lost"
    ] * bool(lost)
    assert (bool(judgement.held), closing in str(judgement.closing["cj_assessment_service"])) == (
        held,
        True,
    )


@pytest.mark.parametrize("regroups", [True, False])
async def test_while_its_group_is_in_motion_what_was_passed_over_is_not_lost(
    regroups: bool,
) -> None:
    """A partition without a worker is read once one has it: nothing of it was skipped."""
    seen = watches({20: wave(*TWELVE), 8: [*published(20), took(20)]})
    if regroups:
        text = "Redis ping\nHeartbeat failed for group cj because it is rebalancing"
        line = replace(said(NOW - 9 * TICK, "Redis ping", role=Role.CJ), text=text)
        seen[31] = replace(seen[31], logs=Followed((line,), CJ))
    judgement = await played(ConsumerSilent(ConsumerSilentSettings()), seen)
    assert (bool(judgement.held), len(judgement.conditions)) == (regroups, int(not regroups))


async def test_the_alert_of_skipped_callbacks_names_their_batches_by_lines_alone() -> None:
    """They are of two batches, and a third one's answer is taken first after the silence."""
    asked = []
    for number, numbers in ((27, range(4)), (28, range(4, 12))):
        own = f"aaaaaaaa-0000-4000-8000-0000000000{number}"
        mapped = said(
            NOW - 30 * TICK, f"DEBUG: Created tracking_map with 4 entries for batch {number}"
        )
        asked += [replace(mapped, role=Role.CJ, fields={"correlation_id": own})]
        for n in numbers:
            line = (
                f"DEBUG: Using tracking_map correlation ID {correlation_id(n)} for task ('a', 'b')"
            )
            asked += [replace(said(NOW - 30 * TICK, line), role=Role.CJ,
                              fields={"batch_correlation_id": own})]  # fmt: skip
    seen = watches({20: wave(*TWELVE), 6: [*published(20), took(20)]})
    logs = seen[10].logs
    assert isinstance(logs, Followed)
    seen[10] = replace(seen[10], logs=replace(logs, events=tuple(asked)))
    judgement = await played(ConsumerSilent(ConsumerSilentSettings()), seen)
    (found,) = judgement.conditions
    assert str(found.headline) == (
        "CJ skipped 12 callbacks of batches 27 and 28: these answers are lost"
    )
    assert "does not come back" in str(judgement.closing[found.subject])


async def test_a_provider_whose_clock_is_ahead_hides_no_silence() -> None:
    """Its callbacks are dated 25 minutes from now; they were published when they were read."""
    seen = watches({10: wave(*TWELVE)})
    ahead = [
        replace(one, logs=replace(one.logs, events=tuple(
            replace(event, at=event.at + timedelta(minutes=25))
            for event in one.logs.events if event.at
        )))
        for one in seen if isinstance(one.logs, Followed)
    ]  # fmt: skip
    (found,) = (await played(ConsumerSilent(ConsumerSilentSettings()), ahead)).conditions
    assert found.since == NOW - 10 * TICK


async def test_it_is_told_within_two_minutes_of_the_first_callback() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    (condition,) = (await played(detector, watches({6: wave(*TWELVE)}))).conditions
    assert condition.since == NOW - 6 * TICK


@pytest.mark.parametrize(("pending", "rules"), [(12, ["consumer-silent"]), (0, [])])
async def test_it_is_told_only_while_a_batch_waits(pending: int, rules: list[str]) -> None:
    one = batch(pairs=PairCounts(total=12, essay_a=12 - pending, pending=pending))
    detector = ConsumerSilent(ConsumerSilentSettings())
    assert told(await played(detector, watches({10: wave(*TWELVE)}, batches=[one]))) == rules


def waiting(**pairs: Any) -> BatchSummary:
    """Return a batch that waits for two answers of twelve since before the first callback."""
    waits = {"pending_first_submitted_at": NOW - TICK * 40, "essay_a": 10, "pending": 2, **pairs}
    return batch(pairs=PairCounts(total=12, **waits))


@pytest.mark.parametrize(
    ("texts", "one", "told_as"),
    [
        ({24: wave(0)}, waiting(), ["few"]),
        ({24: wave(0, 1)}, waiting(), ["few"]),
        ({30: wave(0), 24: wave(1)}, waiting(), ["few"]),
        # CJ took what came before, and its rows are of that.
        ({26: [*wave(9), took(9)], 25: wave(0)},
         waiting(last_completed_at=NOW - TICK * 25), ["few"]),
        ({10: wave(0, 1)}, waiting(), []),  # not for long
        ({24: [*wave(0), took(0)]}, waiting(), []),
        ({24: wave(0)}, waiting(pending=0, essay_a=12), []),  # nobody waits
        ({24: wave(0)}, None, []),  # nobody knows who waits
        # What waits was sent after it, or an answer came though no line says that CJ took it.
        ({24: wave(0)}, waiting(pending_first_submitted_at=NOW - TICK * 20), []),
        ({24: wave(0)}, waiting(last_completed_at=NOW - TICK * 20), []),
        ({24: refused(0) + published(0)}, waiting(), []),
    ],
)  # fmt: skip
async def test_one_or_two_that_are_waited_for_are_told_later_with_low_confidence(
    texts: dict[int, list[str]], one: BatchSummary | None, told_as: list[str]
) -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    seen = watches(texts, batches=[one] if one else None)
    found = (await played(detector, seen)).conditions
    assert [(each.known, each.severity.value, each.confidence.value) for each in found] == [
        (known, "warn", "low") for known in told_as
    ]


async def test_few_are_an_error_once_they_count_as_lost() -> None:
    """The alert speaks for that of lost callbacks, which is an error."""
    detector = ConsumerSilent(ConsumerSilentSettings())
    seen = watches({40: wave(0)}, batches=[waiting(pending_first_submitted_at=None)])
    late = [
        GivenWatch(NOW + TICK * n, NOW + TICK * (n - 1), logs=Followed((), containers=CJ),
                   batches=[waiting(pending_first_submitted_at=None)])
        for n in range(1, 21)
    ]  # fmt: skip
    (condition,) = (await played(detector, [*seen, *late])).conditions
    assert (condition.known, condition.severity.value) == ("few for long", "error")


@pytest.mark.parametrize(
    "place",
    [{"consumer": ConsumerBacklog("cj", 0)}, {"topic": ()}],
)
async def test_what_kafka_itself_says_outweighs_the_lines(place: dict[str, Any]) -> None:
    """CJ has acknowledged everything; or the topic never got what the lines claim."""
    detector = ConsumerSilent(ConsumerSilentSettings())
    assert told(await played(detector, watches({10: wave(*TWELVE)}, **place))) == []


async def test_an_offset_beyond_the_topics_end_is_told_at_once_with_high_confidence() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    backlog = ConsumerBacklog("cj_assessment_consumer_group", 0, beyond_end=True)
    (condition,) = (await played(detector, watches({}, consumer=backlog))).conditions
    assert (condition.known, condition.confidence.value) == ("beyond the end", "high")


async def test_that_publishing_ends_is_no_recovery() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    late = [
        GivenWatch(NOW + TICK * n, NOW + TICK * (n - 1), logs=Followed((), containers=CJ))
        for n in range(1, 200)
    ]
    silent = watches({20: wave(*TWELVE)})
    assert told(await played(detector, [*silent, *late])) == ["consumer-silent"]
    line = logged(late[-1].now + TICK, took(11))
    end = GivenWatch(late[-1].now + TICK, NOW, logs=Followed((line,), containers=CJ))
    judgement = await played(detector, [*late, end])
    closing = str(judgement.closing["cj_assessment_service"])
    assert (told(judgement), closing.startswith("CJ takes callbacks again")) == ([], True)


@pytest.mark.parametrize("behind", [1, 45, 600])
async def test_a_clock_of_cj_that_is_behind_is_no_silence(behind: int) -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    seen = watches({n: wave(n) for n in range(36, 10, -4)})
    for watch in seen:
        assert isinstance(watch.logs, Followed)
        if watch.logs.events:
            number = int((NOW - watch.now) / TICK)
            line = logged(watch.now - timedelta(seconds=behind), took(number))
            watch.logs = replace(watch.logs, events=(line, *watch.logs.events))
    assert told(await played(detector, seen)) == []


async def test_another_process_goes_on_with_what_was_seen() -> None:
    silent = watches({20: wave(*TWELVE)})
    first, later = silent[:36], silent[36:]
    before, after = (ConsumerSilent(ConsumerSilentSettings()) for _ in range(2))
    for watch in first:
        sample = await before.sample(watch)
    after.resume((sample,))
    assert told(await played(after, later)) == ["consumer-silent"]


async def test_a_sample_that_cannot_be_read_is_forgotten() -> None:
    detector = ConsumerSilent(ConsumerSilentSettings())
    detector.resume((Sample(NOW, {"untaken": {"waiting": "soon"}}),))
    assert told(await played(detector, watches({}))) == []


LOG = "huleedu_cj_assessment_service"


@pytest.mark.parametrize(
    ("mute", "back", "lost"),
    [
        # While CJ writes other lines its log has no hole: what it passes over is lost.
        (False, [], 12),
        # A log that went on may have held that they were taken.
        (True, [], 0),
        # One that starts again was down, and took nothing meanwhile.
        (True, ["CJ Assessment Kafka consumer started"], 12),
    ],
)
async def test_what_a_mute_log_may_have_held_is_not_lost(
    mute: bool, back: list[str], lost: int
) -> None:
    texts = {20: wave(*TWELVE), 6: back, 5: [*published(20), took(20)]}
    seen = watches(texts)
    for place, watch in enumerate(seen):
        n = 40 - place
        at = NOW - TICK * (21 if mute and 6 < n < 21 else n)
        assert isinstance(watch.logs, Followed)
        seen[place] = replace(watch, logs=replace(watch.logs, reached={LOG: at}))
    told_then = await played(ConsumerSilent(ConsumerSilentSettings()), seen[:30])
    assert told(told_then) == ["consumer-silent"]
    assert ("its log does not arrive" in str(told_then.conditions[0].title)) is mute
    after = await played(ConsumerSilent(ConsumerSilentSettings()), seen)
    assert [f"skipped {lost}" in str(one.headline) for one in after.conditions] == [True] * bool(
        lost
    )


@pytest.mark.parametrize(
    ("back", "rules"),
    [
        # Its log alone may have been missing: what it took meanwhile nobody knows.
        ([], []),
        # It was down, and takes nothing yet.
        (["CJ Assessment Service started successfully"], ["consumer-silent"]),
    ],
)
async def test_a_log_that_goes_on_without_a_start_accuses_no_consumer(
    back: list[str], rules: list[str]
) -> None:
    seen = watches({20: wave(*TWELVE), 8: back})
    for place, watch in enumerate(seen):
        n = 40 - place
        at = NOW - TICK * (20 if 8 < n < 20 else n)
        assert isinstance(watch.logs, Followed)
        seen[place] = replace(watch, logs=replace(watch.logs, reached={LOG: at}))
    detector = ConsumerSilent(ConsumerSilentSettings())
    mute = await played(detector, seen[:31])
    assert "No line of CJ since" in str(mute.conditions[0].title)
    found = await played(detector, seen[31:])
    assert told(found) == rules
    assert ("no line says" in str(found.closing["cj_assessment_service"])) is (not rules)
    assert not any("database" in str(one.title) for one in found.conditions)
