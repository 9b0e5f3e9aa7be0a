"""Charts are drawn by another process, so that the bot stays small and never waits for long."""

import asyncio
import struct
import subprocess
import sys
from dataclasses import replace

import pytest

from bot.charts.drawing import Drawing
from bot.domain.chart import Chart, Series
from tests.support.charts import FUNNEL, LATENCY, QUEUE
from tests.support.strategies import HOSTILE_WORDS


@pytest.mark.parametrize("chart", [QUEUE, FUNNEL, LATENCY], ids=lambda chart: chart.title)
async def test_a_chart_becomes_a_png_with_its_alt_text(chart: Chart) -> None:
    async with Drawing() as drawing:
        picture = await drawing.draw(chart)
    assert picture is not None
    assert picture.content.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", picture.content[16:24]) == (1_080, 720)
    assert (picture.title, picture.alt) == (chart.title, chart.alt)


async def test_hostile_words_and_numbers_are_drawn_as_they_are() -> None:
    words = tuple(HOSTILE_WORDS)
    values = (1.0, float("nan"), float("inf"), None, -3.0, 1e300, 0.0, 2.0, 3.0, 4.0)
    chart = Chart("$x^2$ <!here>", words, (Series("\\frac$", values[: len(words)]),), "alt")
    async with Drawing() as drawing:
        assert await drawing.draw(chart) is not None


async def test_a_chart_without_a_number_is_not_drawn() -> None:
    async with Drawing() as drawing:
        assert await drawing.draw(replace(QUEUE, series=(Series("size", (None,) * 60),))) is None


async def test_a_process_that_hangs_is_killed_and_leaves_no_picture(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Drawing(seconds=0.5, module="tests.support.drawings.hangs") as drawing:
        async with asyncio.timeout(20):
            assert await drawing.draw(QUEUE) is None
    assert "not drawn within 0.5 s" in caplog.text


async def test_a_process_that_breaks_leaves_no_picture(caplog: pytest.LogCaptureFixture) -> None:
    async with Drawing(module="tests.support.drawings.breaks") as drawing:
        assert await drawing.draw(QUEUE) is None
    assert "was not drawn" in caplog.text


async def test_a_process_that_cannot_start_leaves_no_picture_and_no_error(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Drawing() as drawing:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        assert await drawing.draw(QUEUE) is None
    assert "a chart was not drawn: No such file or directory" in caplog.text


async def test_without_matplotlib_it_is_said_once_what_is_missing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.charts.drawing.can_draw", lambda: False)
    async with Drawing() as drawing:
        assert [await drawing.draw(QUEUE) for _ in range(2)] == [None, None]
    assert caplog.text.count("batchbot[charts]") == 1


def test_the_bot_never_imports_what_draws() -> None:
    modules = "bot.service.build, bot.cli.ask, bot.alerts.tick"
    code = f"import sys, {modules}; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
