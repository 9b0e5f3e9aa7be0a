"""Charts are drawn by another process, so that the bot stays small and never waits for long."""

import asyncio
import io
import os
import signal
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.charts.drawing import Drawing
from bot.domain.chart import Chart, ChartKind, Series
from tests.support.charts import FUNNEL, LATENCY, QUEUE
from tests.support.strategies import HOSTILE_WORDS

DRAWS_AND_IS_KILLED = """
import asyncio, os, pathlib, signal, sys
from bot.charts.drawing import Drawing
from tests.support.charts import FUNNEL
assert asyncio.run(Drawing(pathlib.Path(sys.argv[1])).draw(FUNNEL))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("chart", [QUEUE, FUNNEL, LATENCY], ids=lambda chart: chart.title)
async def test_a_chart_becomes_a_png_with_its_alt_text(chart: Chart, tmp_path: Path) -> None:
    drawing = Drawing(tmp_path)
    picture = await drawing.draw(chart)
    assert picture is not None
    assert picture.content.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", picture.content[16:24]) == (1_080, 720)
    assert (picture.title, picture.alt) == (chart.title, chart.alt)


async def test_hostile_words_and_numbers_are_drawn_as_they_are(tmp_path: Path) -> None:
    words = tuple(HOSTILE_WORDS)
    values = (1.0, float("nan"), float("inf"), None, -3.0, 1e300, 0.0, 2.0, 3.0, 4.0)
    chart = Chart("$x^2$ <!here>", words, (Series("\\frac$", values[: len(words)]),), "alt")
    drawing = Drawing(tmp_path)
    assert await drawing.draw(chart) is not None


async def test_a_chart_without_a_number_is_not_drawn(tmp_path: Path) -> None:
    drawing = Drawing(tmp_path)
    assert await drawing.draw(replace(QUEUE, series=(Series("size", (None,) * 60),))) is None


async def test_a_process_that_hangs_is_killed_and_leaves_no_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = tmp_path / "fontlist.json.matplotlib-lock"
    lock.touch()
    drawing = Drawing(tmp_path, seconds=0.5, module="tests.support.drawings.hangs")
    async with asyncio.timeout(20):
        assert await drawing.draw(QUEUE) is None
    assert "not drawn within 0.5 s" in caplog.text
    assert not lock.exists()


def test_a_bot_that_is_killed_leaves_nothing_but_its_own_folder(tmp_path: Path) -> None:
    own, common = tmp_path / "own", tmp_path / "common"
    common.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", DRAWS_AND_IS_KILLED, str(own)],
        env={**os.environ, "TMPDIR": str(common)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in own.iterdir()] == [".json"]
    assert list(common.iterdir()) == []


async def test_without_a_folder_that_can_be_written_charts_are_drawn(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert await Drawing(tmp_path / "file" / "charts").draw(FUNNEL) is not None


async def test_a_process_that_breaks_leaves_no_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drawing = Drawing(tmp_path, module="tests.support.drawings.breaks")
    assert await drawing.draw(QUEUE) is None
    assert "was not drawn" in caplog.text


async def test_a_process_that_cannot_start_leaves_no_picture_and_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = Drawing(tmp_path)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await drawing.draw(QUEUE) is None
    assert "a chart was not drawn: No such file or directory" in caplog.text


async def test_without_matplotlib_it_is_said_once_what_is_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.charts.drawing.can_draw", lambda: False)
    drawing = Drawing(tmp_path)
    assert [await drawing.draw(QUEUE) for _ in range(2)] == [None, None]
    assert caplog.text.count("batchbot[charts]") == 1


def test_the_bot_never_imports_what_draws() -> None:
    modules = "bot.service.build, bot.cli.ask, bot.alerts.tick"
    code = f"import sys, {modules}; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


async def test_what_was_lost_is_red_and_all_can_be_seen_on_the_ground(
    tmp_path: Path,
) -> None:
    part = Chart("Way", ("made", "valid"), (Series("reached", (100.0, 34.0)),
                 Series("lost", (0.0, 66.0))), "34 of 100", kind=ChartKind.BAR)  # fmt: skip
    drawing = Drawing(tmp_path)
    drawn = await drawing.draw(part)
    assert drawn is not None
    with Image.open(io.BytesIO(drawn.content)) as image:
        raw = image.convert("RGB").tobytes()
    pixels = Counter(zip(raw[::3], raw[1::3], raw[2::3], strict=True))
    common = [colour for colour, count in pixels.most_common() if count > 5_000]
    ground, *shown = common
    assert any(red > 200 and max(green, blue) < 130 for red, green, blue in shown)
    assert all(contrast(one, ground) >= 3 for one in shown)


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return the contrast of two colours as WCAG counts it."""
    light, dark = sorted((_light(one), _light(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _light(colour: tuple[int, ...]) -> float:
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
