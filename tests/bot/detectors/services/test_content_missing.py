"""Texts that CJ could not fetch are told at once, with whose they are and what was answered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.services.content_missing import ContentMissing
from bot.domain.alert import Condition
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said

ESSAY = "Failed to prepare essay 30fb59ea-c3dd-556e-8869-2b1a73c77de8: "
ANCHOR = "Failed to fetch anchor essay 2: [RESOURCE_NOT_FOUND] Content with ID 'a' not found"
BLANK = "[INVALID_RESPONSE] Empty content received from Content Service"
PROMPT = "Failed to fetch student prompt text from Content Service for CJ assessment"
BROKEN, GONE = "[EXTERNAL_SERVICE_ERROR] Content Service error: HTTP 500", "[RESOURCE_NOT_FOUND] x"


def line(text: str, batch: object = None, *, role: Role = Role.CJ) -> LogEvent:
    fields = {} if batch is None else {"cj_batch_id": batch}
    return replace(said(NOW, text, role=role), fields=fields, text=text)


async def conditions(*ticks: list[LogEvent]) -> tuple[Condition, ...]:
    watches = [
        GivenWatch(NOW + TICK * n, NOW + TICK * (n - 1), logs=Followed(tuple(events)))
        for n, events in enumerate(ticks)
    ]
    return (await played(ContentMissing(QuietSettings()), watches)).conditions


@pytest.mark.parametrize(
    ("events", "headline", "severity"),
    [
        ([line(f"{ESSAY}{GONE}", 7)] * 5, "CJ could not fetch 5 essays of batch 7 (HTTP 404)",
         "error"),
        ([line(f"{ESSAY}{BROKEN}", "5")], "CJ could not fetch 1 essay of batch 5 (HTTP 500)",
         "error"),
        ([line(f"{ESSAY}Cannot connect to host 10.0.0.7:8001 ssl:default", 7)],
         "CJ could not fetch 1 essay of batch 7, not reached", "error"),
        # Of more texts than are shown as examples, all count.
        ([line(f"{ESSAY}{GONE}", 8)] * 3 + [line(f"{ESSAY}{GONE}", 9)] * 5
         + [line(f"{ESSAY}{BLANK}", 10)] * 4,
         "CJ could not fetch 12 essays of 3 batches (HTTP 404, empty)", "error"),
        ([line(f"{ESSAY}{BLANK}", 10)] * 4,
         "CJ could not fetch 4 essays of batch 10 (empty)", "error"),
        ([line(ANCHOR)] * 2, "CJ could not fetch 2 anchors (HTTP 404)", "warn"),
        ([line(PROMPT)], "CJ could not fetch 1 prompt", "warn"),
        ([line(f"{ESSAY}{GONE}", 7, role=Role.RUNNER)], "", ""),
        ([line("Successfully fetched content from Content Service", 7)], "", ""),
    ],
)  # fmt: skip
async def test_texts_that_could_not_be_fetched_are_told(
    events: list[LogEvent], headline: str, severity: str
) -> None:
    found = await conditions(events)
    assert [str(one.headline) for one in found] == ([headline] if headline else [])
    assert [one.severity.value for one in found] == ([severity] if severity else [])


async def test_each_kind_of_text_has_an_alert_of_its_own() -> None:
    found = await conditions([line(f"{ESSAY}{GONE}", 7)] * 2, [line(ANCHOR)] * 12)
    assert [(str(one.headline), one.severity.value) for one in found] == [
        ("CJ could not fetch 2 essays of batch 7 (HTTP 404)", "error"),
        ("CJ could not fetch 12 anchors (HTTP 404)", "warn"),
    ]


async def test_another_batch_that_it_hits_is_news() -> None:
    first, later = [line(f"{ESSAY}{BROKEN}", 5)], [line(f"{ESSAY}{GONE}", 6)]
    (before,), (after,) = await conditions(first), await conditions(first, later)
    assert before.known != after.known
    assert after.since == before.since
    assert "HTTP 404 for 1, HTTP 500 for 1" in str(after.title)
    assert timedelta(0) == after.since - NOW
