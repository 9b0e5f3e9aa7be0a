"""A run label is resolved by whoever knows it, a person first."""

from datetime import UTC, datetime

import pytest

from bot.diagnosis.evidence.run_labels import refs_of
from bot.domain.ids import RunLabel
from bot.errors import UsageError
from bot.ports import Deadline, Sources
from commands._ids import meant
from tests.support.callbacks import BATCH
from tests.support.fakes.sources import (
    RUNNER,
    FakeCallbacks,
    FakeLogs,
    FakeMemory,
    context,
    down,
    event,
)

NOW = datetime(2025, 11, 18, 23, 48, tzinfo=UTC)
OTHER = "3e2d8a4c-6f1b-4d7e-9a52-0c84ebf6a133"
LINE = event(NOW, f"Canonical batch UUID: {BATCH} (label: run-1)", RUNNER)


def memory(*refs: str, **aliases: str) -> FakeMemory:
    return FakeMemory(aliases=aliases, labels=[RunLabel("run-1", ref, "log") for ref in refs])


@pytest.mark.parametrize(
    ("sources", "refs"),
    [
        (Sources(), ()),
        (Sources(memory=memory(BATCH)), (BATCH,)),
        (Sources(memory=memory(BATCH, **{"run-1": "34"})), ("34",)),
        (Sources(memory=memory(OTHER, BATCH)), (BATCH, OTHER)),
        (Sources(memory=memory(), logs=FakeLogs([LINE])), (BATCH,)),
        (Sources(memory=FakeMemory(error=down("memory")), logs=FakeLogs([LINE])), (BATCH,)),
        (
            Sources(callbacks=FakeCallbacks(labels={"run-1": RunLabel("run-1", OTHER, "topic")})),
            (OTHER,),
        ),
        (Sources(logs=FakeLogs([event(NOW, "batch_id=run-1", RUNNER)])), ()),
        (Sources(logs=FakeLogs([LINE], error=down("logs"))), ()),
    ],
)
async def test_whoever_knows_a_label_tells_it(sources: Sources, refs: tuple[str, ...]) -> None:
    assert await refs_of(sources, "run-1", deadline=Deadline.after(5)) == refs


async def test_json_lines_that_hold_both_ids_are_enough() -> None:
    line = event(NOW, '{"batch_id": "run-1"}', RUNNER, batch_id="run-1", batch_uuid=BATCH)
    assert await refs_of(Sources(logs=FakeLogs([line])), "run-1", deadline=Deadline.after(5)) == (
        BATCH,
    )


@pytest.mark.parametrize(
    ("word", "ref"),
    [
        ("34", "34"),
        (BATCH, BATCH),
        ("run-1", BATCH),
        ("nobody-s", "nobody-s"),
        ("84ebf6", BATCH),
        ("abcdef12", "abcdef12"),
    ],
)
async def test_every_command_means_the_same_by_a_word(word: str, ref: str) -> None:
    sources = Sources(memory=memory(BATCH, **{"84ebf6": "run-1", "34": "35"}))
    assert await meant(word, context(sources, NOW)) == ref


async def test_a_label_of_several_runs_is_listed_and_none_is_picked() -> None:
    sources = Sources(memory=memory(OTHER, BATCH))
    with pytest.raises(UsageError, match=OTHER):
        await meant("run-1", context(sources, NOW))
