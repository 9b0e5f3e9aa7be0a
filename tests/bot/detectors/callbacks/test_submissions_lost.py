"""A comparison that CJ could not hand over is told at once, with what was away."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.callbacks.submissions_lost import SubmissionsLost
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.report import Severity
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

A, B = "d2e9b3d9-eeeb-4772-85fd-8e9534e9c464", "59b2644a-eac8-4657-b94a-a1da5332a436"
TASK = f"Unexpected error processing task {A}-{B}: "
SILENT = TASK + "[EXTERNAL_SERVICE_ERROR] Unexpected error calling LLM Provider Service: "
UNREACHABLE = TASK + "Cannot connect to host llm_provider_service:8080 ssl:default"


def away(at_tick: int = 0) -> LogEvent:
    """Return a line of the provider beside which it cannot reach Kafka."""
    event = said(NOW - at_tick * TICK, "queue_metrics_snapshot", role=Role.LLM_PROVIDER)
    return replace(event, text=f"{event.event}\nUnable connect to node with id 1: [Errno 111]")


def unpublished(error: str) -> LogEvent:
    """Return the provider's line on an event of another topic that it could not publish."""
    text = f"Failed to publish event to topic huleedu.llm_provider.request_started.v1: {error}"
    return said(NOW - TICK, text, role=Role.LLM_PROVIDER)


async def _judged(*ticks: Sequence[LogEvent]) -> Judgement:
    watches = [
        GivenWatch(NOW - n * TICK, NOW - (n + 1) * TICK, logs=Followed(tuple(events)))
        for n, events in zip(range(len(ticks) - 1, -1, -1), ticks, strict=True)
    ]
    return await played(SubmissionsLost(QuietSettings()), watches)


@pytest.mark.parametrize(
    ("ticks", "fault"),
    [
        ([[away(1)], [said(NOW, SILENT, role=Role.CJ)]], "kafka"),
        ([[said(NOW, SILENT, role=Role.CJ)]], "timed_out"),
        ([[unpublished("KafkaTimeoutError")], [said(NOW, SILENT, role=Role.CJ)]], "kafka"),
        ([[unpublished("[Error 29] Topic")], [said(NOW, SILENT, role=Role.CJ)]], "timed_out"),
        ([[said(NOW, UNREACHABLE, role=Role.CJ)]], "provider"),
        ([[away(), said(NOW, UNREACHABLE, role=Role.CJ)]], "provider"),
        ([[said(NOW, TASK + "'NoneType' object", role=Role.CJ)]], "other"),
        (
            [
                [said(NOW - 5 * TICK, TASK + "502, message='Bad Gateway'", role=Role.CJ)],
                [],
                [],
                [],
                [],
                [],
            ],
            "gateway",
        ),
        (
            [
                [said(NOW - 5 * TICK, TASK + "500, message='Internal'", role=Role.CJ)],
                [],
                [],
                [],
                [],
                [],
            ],
            "server",
        ),
    ],
)
async def test_it_names_what_was_away_by_the_lines(ticks: list[list[LogEvent]], fault: str) -> None:
    assert told(await _judged(*ticks), lambda one: one.known) == [fault]


@pytest.mark.parametrize("queued", [True, False])
async def test_a_call_that_the_provider_answered_with_an_error_waits_for_its_line(
    queued: bool,
) -> None:
    """Its clock is seconds ahead: that it queued the request is read after the call failed."""
    own = "a8cbf73c-a499-47ad-81bc-26ee452a3af1"
    asked = f"DEBUG: Using tracking_map correlation ID {own} for task ('{A}', '{B}')"
    failed = TASK + "500, message='Internal server error', url='http://l:8080'"
    took = f"Queuing LLM request for provider anthropic, correlation_id: {own}"
    later = [said(NOW - TICK, took, level="info", role=Role.LLM_PROVIDER)] * queued

    def ago(ticks: int) -> list[LogEvent]:
        return [said(NOW - ticks * TICK, text, role=Role.CJ) for text in (asked, failed)]

    assert told(await _judged(ago(2), [])) == []
    (found,) = (await _judged(ago(5), later, [], [], [])).conditions
    assert (
        "though the LLM provider queued" in str(found.headline)
        if queued
        else ("could not be handed" in str(found.headline))
    )
    assert found.severity is (Severity.WARN if queued else Severity.ERROR)


def _worked(*texts: str) -> list[LogEvent]:
    """Return lines of the provider: a dispatch of four, and what came after it."""
    lines = [said(NOW - 2 * TICK, one, level="info", role=Role.LLM_PROVIDER) for one in texts]
    dispatch = said(NOW - 2 * TICK, "serial_bundle_dispatch", level="info", role=Role.LLM_PROVIDER)
    return [replace(dispatch, fields={"bundle_size": 4}), *lines]


DONE = (
    f"Request {A} completed successfully, c",
    f"Published success callback event for request {A}",
)


@pytest.mark.parametrize(
    ("lines", "refused", "told_of"),
    [
        ([], UNREACHABLE, ", which had 4 items in its hands"),
        # An answer is written twice, and counts once.
        ([*DONE], UNREACHABLE, ", which had 3 items in its hands"),
        (["Queue processor started"], UNREACHABLE, ""),
        (["queue_metrics_snapshot"], UNREACHABLE, ""),
        ([], SILENT, ""),
    ],
)
async def test_what_a_provider_that_is_gone_had_in_its_hands_is_told(
    lines: list[str], refused: str, told_of: str
) -> None:
    worked = _worked(*lines)
    if lines == ["queue_metrics_snapshot"]:
        fields = {"queue_current_size": 0, "queue_queued_count": 0}
        worked[-1] = replace(worked[-1], fields=fields)
    (found,) = (await _judged(worked, [], [said(NOW, refused, role=Role.CJ)])).conditions
    assert ("in its hands" in str(found.title)) is bool(told_of)
    assert told_of in str(found.title)
    assert ("not handed back" in str(found.why)) is bool(told_of)


async def test_what_another_worker_broke_off_long_ago_is_in_nobody_s_hands_now() -> None:
    worked = [replace(one, at=NOW - timedelta(minutes=20)) for one in _worked()]
    refused = said(NOW, UNREACHABLE, role=Role.CJ)
    (found,) = (await _judged(worked, [], [refused])).conditions
    assert "in its hands" not in str(found.title)


@pytest.mark.parametrize(
    "events",
    [
        [away()],
        # What CJ hands over is answered later: this line counts none, and is normal.
        [said(NOW, "Batch chunk submitted: 0/4 successful", role=Role.CJ)],
        [said(NOW, SILENT, role=Role.LLM_PROVIDER)],
    ],
)
async def test_nothing_else_opens_it(events: list[LogEvent]) -> None:
    assert told(await _judged(events)) == []


async def test_it_shows_the_essays_that_the_line_names() -> None:
    (condition,) = (await _judged([said(NOW, SILENT, role=Role.CJ)])).conditions
    assert any(f"{A}-{B}" in str(line.text) for line in condition.evidence)


async def test_a_second_episode_begins_with_its_own_onset() -> None:
    """The window is longer than the silence that ends an episode."""
    before = NOW - timedelta(minutes=16)
    watches = [
        GivenWatch(at, at - TICK, logs=Followed((said(at, SILENT, role=Role.CJ),)))
        for at in (before, NOW)
    ]
    (condition,) = (await played(SubmissionsLost(QuietSettings()), watches)).conditions
    assert condition.since == NOW
    assert str(condition.title).startswith("1 comparison ")


async def test_it_names_the_batch_of_the_essays_that_its_lines_name() -> None:
    logs = Followed((said(NOW, UNREACHABLE, role=Role.CJ),))
    watch = GivenWatch(NOW, NOW - TICK, logs=logs, essays={A: 9, B: 9})
    (condition,) = (await played(SubmissionsLost(QuietSettings()), [watch])).conditions
    assert condition.batch == "9"
    assert str(condition.headline).startswith("1 comparison of batch 9 could not be handed")
    assert "/batch investigate 9" in str(condition.next[0])


async def test_the_essays_of_two_batches_single_out_neither() -> None:
    other = UNREACHABLE.replace(A, A[:-1] + "5")
    logs = Followed(tuple(said(NOW, one, role=Role.CJ) for one in (UNREACHABLE, other)))
    watch = GivenWatch(NOW, NOW - TICK, logs=logs, essays={A: 9, A[:-1] + "5": 10})
    (condition,) = (await played(SubmissionsLost(QuietSettings()), [watch])).conditions
    assert (condition.batch, "of batches 9 and 10" in condition.headline) == ("", True)


REQUEST = "4f3021a8-9fda-4208-b737-9a0b512d6ae8"
ASKED = f"DEBUG: Using tracking_map correlation ID {REQUEST} for task ('{A}', '{B}')"
QUEUING = f"Queuing LLM request for provider anthropic, correlation_id: {REQUEST}"
REFUSED = TASK + "500, message='Internal server error', url='http://provider/api/v1/comparison'"


@pytest.mark.parametrize("failing", [SILENT, REFUSED, UNREACHABLE])
async def test_what_the_provider_queued_before_the_call_failed_is_not_lost(failing: str) -> None:
    """A time-out ends CJ's waiting, and not the request."""
    ticks = [
        [said(NOW - TICK, ASKED, role=Role.CJ)],
        [said(NOW, QUEUING, role=Role.LLM_PROVIDER), said(NOW, failing, role=Role.CJ)],
    ]
    found = (await _judged(*ticks)).conditions
    assert [one.known for one in found] == ["queued"] * (failing == REFUSED)


async def test_a_request_that_the_provider_took_and_did_not_queue_is_lost() -> None:
    taken = f"Processing comparison request with correlation_id: {REQUEST}"
    other = QUEUING.replace(REQUEST, REQUEST[:-1] + "0")
    ticks = [
        [said(NOW - 5 * TICK, ASKED, role=Role.CJ)],
        [
            said(NOW - 4 * TICK, taken, role=Role.LLM_PROVIDER),
            said(NOW - 4 * TICK, other, role=Role.LLM_PROVIDER),
            said(NOW - 4 * TICK, SILENT, role=Role.CJ),
        ],
        *([], [], [], []),
    ]
    assert len(told(await _judged(*ticks))) == 1


def _asked_of(number: int, batch: int, at: datetime) -> tuple[list[LogEvent], str, str]:
    """Return CJ's lines as it asks for a comparison, its request, and how a failure begins."""
    own = f"{number:08x}-0000-4000-8000-000000000001"
    first = f"{number:08x}-0000-4000-8000-000000000002"
    wave = f"{batch:08x}-0000-4000-8000-000000000003"
    mapped = said(at, f"DEBUG: Created tracking_map with 1 entries for batch {batch}", role=Role.CJ)
    asked = f"DEBUG: Using tracking_map correlation ID {own} for task ('{first}', '{B}')"
    lines = [
        replace(mapped, fields={"correlation_id": wave}),
        replace(said(at, asked, role=Role.CJ), fields={"batch_correlation_id": wave}),
    ]
    return lines, own, f"Unexpected error processing task {first}-{B}: "


@pytest.mark.parametrize(("queued", "count"), [(0, 3), (1, 2), (3, 0)])
async def test_what_is_queued_after_it_was_told_as_lost_is_taken_back(
    queued: int, count: int
) -> None:
    """The provider publishes first, and may wait for Kafka longer than CJ does."""

    def story(ticks: int) -> list[list[LogEvent]]:
        """Return the first so many ticks, the last of which is now."""
        start = NOW - (ticks - 1) * TICK
        asked = [_asked_of(n, 35, start) for n in range(3)]
        told: dict[int, list[LogEvent]] = {
            0: [line for lines, _, _ in asked for line in lines],
            1: [said(start + TICK, task + SILENT.partition(": ")[2], role=Role.CJ)
                for _, _, task in asked],
            7: [said(start + 7 * TICK, QUEUING.replace(REQUEST, own), role=Role.LLM_PROVIDER)
                for _, own, _ in asked[:queued]],
            9: [said(start + 9 * TICK, UNREACHABLE, role=Role.CJ)],
        }  # fmt: skip
        return [told.get(n, []) for n in range(ticks)]

    (before,) = (await _judged(*story(7))).conditions
    assert str(before.title).startswith("3 comparisons of batch 35 not submitted")
    after = await _judged(*story(9))
    assert [str(one.title).partition(" not ")[0] for one in after.conditions] == (
        [f"{count} comparison{'s' * (count > 1)} of batch 35"] * (count > 0)
    )
    assert ("queued them after" in str(after.closing["cj_assessment_service"])) is (count == 0)
    (more,) = (await _judged(*story(10))).conditions
    assert str(more.title).startswith(f"{count + 1} comparison")
    assert more.since == (NOW - 8 * TICK if count else NOW)


async def test_each_cause_and_each_batch_is_told_with_its_count() -> None:
    asked = [_asked_of(n, 35 + n % 2, NOW - 6 * TICK) for n in range(3)]
    errors = ("500, message='Internal'", "[EXTERNAL] LLM Provider Service: ", "500, message='I'")
    failed = [said(NOW - 5 * TICK, task + error, role=Role.CJ)
              for (_, _, task), error in zip(asked, errors, strict=True)]  # fmt: skip
    lines = [line for some, _, _ in asked for line in some]
    (found,) = (await _judged(lines, failed, [], [], [], [], [])).conditions
    assert found.known == "server, timed_out"
    title = str(found.title)
    assert "of batches 35 and 36" in title
    assert "HTTP 500 (2); the LLM provider did not answer CJ in time (1)" in title


@pytest.mark.parametrize("queued", [True, False])
async def test_one_that_could_not_connect_may_be_queued_by_its_first_try(queued: bool) -> None:
    """The provider's clock is some seconds ahead, so that its line comes with the next tick."""
    asked = [said(NOW - 2 * TICK, ASKED, role=Role.CJ)]
    failing = [said(NOW - TICK, UNREACHABLE, role=Role.CJ)]
    line = [said(NOW - TICK * 0.7, QUEUING, role=Role.LLM_PROVIDER)] * queued
    assert told(await _judged(asked, [said(NOW, UNREACHABLE, role=Role.CJ)])) == []
    assert len(told(await _judged(asked, failing, line))) == (not queued)
