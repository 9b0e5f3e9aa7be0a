"""Answers that CJ took while its database was away are told, and those of no comparison are not."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.callbacks.callbacks_not_stored import CallbacksNotStored
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import Role
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

ID = "5352ba4c-6226-458c-aa82-24ff1fa071a4"
AWAY = "Error in callback processing: [Errno 111] Connect call failed ('127.0.0.1', 5432)"
CLOSED = "Error in callback processing: the underlying connection is closed"
# SQLAlchemy says so of a connection that was lost while a transaction went on.
BROKEN = "Error in callback processing: Can't reconnect until invalid transaction is rolled back."
STRAY = "Error in callback processing: Cannot find comparison pair for callback"


async def _judged(text: str, *, role: Role = Role.CJ, owned: dict[UUID, int]) -> Judgement:
    event = replace(said(NOW, text, role=role), fields={"correlation_id": ID})
    watch = GivenWatch(NOW, NOW - TICK, logs=Followed((event,)), owners=owned)
    return await played(CallbacksNotStored(QuietSettings()), [watch])


@pytest.mark.parametrize("text", [AWAY, CLOSED, BROKEN])
async def test_an_answer_that_the_database_did_not_take_is_told_with_its_batch(text: str) -> None:
    (found,) = (await _judged(text, owned={UUID(ID): 34})).conditions
    assert found.batch == "34"
    assert "CJ could not store 1 answer of batch 34" in str(found.headline)
    assert found.since == NOW - timedelta(0)


@pytest.mark.parametrize(("text", "role"), [(STRAY, Role.CJ), (AWAY, Role.LLM_PROVIDER)])
async def test_nothing_else_opens_it(text: str, role: Role) -> None:
    assert told(await _judged(text, role=role, owned={})) == []


COUNTERS = "Failed to update batch completion counters for batch 34: "


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"{COUNTERS}canceling statement due to statement timeout",
         "a statement waited for too long"),
        (f"{COUNTERS}could not extend file: No space left on device",
         "the database's disk is full"),
        ("Error in callback processing: No space left on device", "the database's disk is full"),
        ("Error in callback processing: cannot execute UPDATE in a read-only transaction",
         "the database takes no writes"),
        ("Error in callback processing: permission denied for sequence x",
         "the database refuses CJ a right"),
        ('Error in callback processing: too many connections for role "x"',
         "the database has no free connection"),
    ],
)  # fmt: skip
async def test_an_answer_that_a_full_disk_or_a_lock_took_is_told(text: str, fault: str) -> None:
    (found,) = (await _judged(text, owned={UUID(ID): 34})).conditions
    assert found.batch == "34"
    assert str(found.headline).endswith(f"of batch 34: {fault}")


async def test_counters_that_failed_for_another_reason_open_nothing() -> None:
    assert told(await _judged(f"{COUNTERS}autoflush", owned={})) == []


async def test_answers_of_unknown_batches_are_laid_at_no_other_s_door() -> None:
    full = said(NOW, "Error in callback processing: No space left on device", role=Role.CJ)
    first = replace(full, fields={"correlation_id": ID})
    counted = said(NOW + TICK, f"{COUNTERS}canceling statement due to statement timeout",
                   role=Role.CJ)  # fmt: skip
    watches = [
        GivenWatch(NOW, NOW - TICK, logs=Followed((first,))),
        GivenWatch(NOW + TICK, NOW, logs=Followed((counted,))),
    ]
    (found,) = (await played(CallbacksNotStored(QuietSettings()), watches)).conditions
    assert "2 answers" in str(found.headline)
    assert "batch 34" not in str(found.headline)
    assert "2 answers, some of batch 34, were not stored" in str(found.title)
    assert found.batch == ""
