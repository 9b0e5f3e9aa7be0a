"""What was kept for the next tick and has another shape is skipped with a word, and ticks go on."""

import ast
import importlib
import inspect
import json
import pkgutil
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

import bot.detectors
from bot.alerts.kept import judged_from, resumed_from
from bot.alerts.policy.round import evaluate
from bot.alerts.policy.window import restored
from bot.alerts.store.postgres import Store
from bot.diagnosis.changes.noter import Noter
from bot.diagnosis.changes.report import NotedChanges, diagnose
from bot.diagnosis.changes.sighting import Own
from bot.domain.alert import Sample
from bot.domain.changes.change import Noted
from bot.ports import Detector
from bot.registry import detectors
from bot.text.kept import moment_of
from tests.support.fakes.alerts import START, Clock, ScriptedDetector, clear, condition
from tests.support.ticks import GrowingLog, run, tick_of
from tests.support.watches import GivenWatch

SHAPES = ("3", '"x"', "[1]", '{"a": 1}', '[["x", 1]]', "true", '"2025-11-19T00:00:00"')


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    yield store
    await store.close()


@pytest.mark.parametrize("shape", SHAPES)
async def test_ticks_go_on_whatever_stands_where_the_last_one_kept_something(
    store: Store, shape: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock, log = Clock(), GrowingLog()
    await run(tick_of(store, [ScriptedDetector(clear(condition()))], clock, log), clock, 2)
    body = json.dumps(
        {key: json.loads(shape) for key in ("seen_until", "quiet", "morning", "gap", "changes")}
        | {"recent": json.loads(shape)}
    )
    recent = json.dumps({"seen_until": START.isoformat(), "recent": json.loads(shape)})
    for number, kept in enumerate((shape, body, recent)):
        await store._rows("UPDATE progress SET body = $1", kept)
        again = ScriptedDetector(clear(condition()))
        await run(tick_of(store, [again], clock, log), clock, 1)
        assert len(again.windows[-1].samples) == 3 + number
    assert "is skipped" in caplog.text


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_sample_of_another_shape_is_skipped_and_the_others_are_judged(
    store: Store, shape: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    await run(tick_of(store, [ScriptedDetector(clear(condition()))], clock), clock, 3)
    first = "(SELECT min(at) FROM sample WHERE detector = 'stuck_queue')"
    await store._rows(f"UPDATE sample SET data = $1 WHERE at = {first}", shape)
    again = ScriptedDetector(clear(condition()))
    await run(tick_of(store, [again], clock), clock, 1)
    is_object = isinstance(json.loads(shape), dict)
    assert len(again.windows[-1].samples) == (4 if is_object else 3)
    if not is_object:
        assert "a stored sample cannot be read and is skipped" in caplog.text
        (alert,) = await store.alerts(clock())
        assert (await store.recording(alert.key, now=clock())).samples


def words_of_detectors() -> set[str]:
    """Return every word that a detector may have a fact under."""
    found = set()
    for one in pkgutil.walk_packages(bot.detectors.__path__, "bot.detectors."):
        source = ast.parse(inspect.getsource(importlib.import_module(one.name)))
        found |= {
            node.value
            for node in ast.walk(source)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if node.value.replace("_", "").isalnum()
        }
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_every_detector_goes_on_from_samples_of_any_shape(shape: str) -> None:
    spoilt = Sample(START, dict.fromkeys(words_of_detectors(), json.loads(shape)))
    for kind in detectors().values():
        assert judged_after(kind(kind.Settings()), spoilt)


def judged_after(detector: Detector, spoilt: Sample) -> bool:
    """Say whether a detector judges anew after a sample that was kept."""
    fresh = Sample(START + timedelta(seconds=1))
    window = restored(tuple(resumed_from(detector, [spoilt])))
    result = judged_from(detector, window, lambda kept: evaluate(detector, kept, fresh, fresh.at))
    return result.sample is fresh


@pytest.mark.parametrize("shape", SHAPES)
async def test_changes_are_noted_and_told_whatever_was_known(shape: str) -> None:
    value = json.loads(shape)
    for known in ({"since": value}, {"since": START.isoformat(), "read": value, "heard": value}):
        watch = GivenWatch(START, START - timedelta(seconds=15))
        noted = await Noter(Own("1")).note(watch, known)
        assert isinstance(noted, Noted)
        told = diagnose(NotedChanges(START, (), known), START, START)
        assert told.headline


def test_what_is_kept_names_a_time_zone() -> None:
    assert moment_of("2025-11-19T00:00:00+00:00") is not None
    assert moment_of("2025-11-19T00:00:00") is None
    assert moment_of(3) is None
