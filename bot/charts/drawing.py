"""Has a chart drawn by a process of its own, which is killed when it takes too long."""

import asyncio
import importlib.util
import json
import logging
import sys
from dataclasses import asdict, replace
from pathlib import Path

from bot.domain.chart import Chart, drawable, is_number, thinned
from bot.domain.report import Attachment
from bot.text.privacy import clean_chart
from bot.text.redaction import plain

log = logging.getLogger(__name__)

SECONDS = 25.0
MAX_POINTS = 120
MAX_SERIES = 6
LABEL_CHARS = 24
TITLE_CHARS = 60
ALT_CHARS = 1_000
MODULE = "bot.charts"
LOCKS = "*.matplotlib-lock"
INSTALL = (
    "Pictures need batchbot's extra: pip install 'batchbot[charts]', or CHARTS=on for the image."
)


def can_draw() -> bool:
    """Say whether matplotlib is installed, without importing it."""
    return importlib.util.find_spec("matplotlib") is not None


class Drawing:
    """Draws charts as PNG, one at a time: the process needs some 100 MB while it runs.

    Its folder holds matplotlib's cache of fonts and stays, so that a bot that was killed leaves
    nothing behind; matplotlib makes it, or does without. The process inherits no environment, so
    no secret.
    """

    def __init__(self, folder: Path, seconds: float = SECONDS, module: str = MODULE) -> None:
        self._folder = folder
        self._seconds = seconds
        self._module = module
        self._turn = asyncio.Lock()
        self._said = False

    async def draw(self, chart: Chart) -> Attachment | None:
        """Return the chart as a PNG with its alt text; None, and a log line, when it fails."""
        if not drawable(chart) or not self._is_installed():
            return None
        clean = _bounded(clean_chart(chart))
        async with self._turn:
            try:
                content = await self._run(json.dumps(asdict(clean)).encode())
            except OSError as error:
                # The message that the chart belongs to was posted already, and stays as it is.
                log.warning("a chart was not drawn: %s", error.strerror)
                return None
        if not content:
            return None
        return Attachment("chart.png", content, clean.title, alt=clean.alt)

    def _is_installed(self) -> bool:
        """Say whether there is anything to draw with; say once in the log that there is not."""
        if can_draw():
            return True
        if not self._said:
            log.warning("a chart that Slack does not draw is left out. %s", INSTALL)
            self._said = True
        return False

    async def _run(self, asked: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"MPLCONFIGDIR": str(self._folder), "PATH": "/usr/bin:/bin"},
        )
        try:
            async with asyncio.timeout(self._seconds):
                content, told = await process.communicate(asked)
        except TimeoutError:
            log.warning("a chart was not drawn within %g s", self._seconds)
            return b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
                self._unlock()
        if process.returncode != 0:
            log.warning("a chart was not drawn: %s", told.decode(errors="replace")[-300:])
            return b""
        return content

    def _unlock(self) -> None:
        """Take away what a killed process locked; the next one would wait for it each time."""
        for lock in self._folder.glob(LOCKS):
            lock.unlink(missing_ok=True)


def _bounded(chart: Chart) -> Chart:
    some = thinned(chart, MAX_POINTS)
    return replace(
        some,
        title=plain(some.title)[:TITLE_CHARS],
        y_label=plain(some.y_label)[:LABEL_CHARS],
        labels=tuple(plain(label)[:LABEL_CHARS] for label in some.labels),
        series=tuple(
            replace(
                series,
                name=plain(series.name)[:LABEL_CHARS],
                values=tuple(value if is_number(value) else None for value in series.values),
            )
            for series in some.series[:MAX_SERIES]
        ),
        alt=plain(some.alt)[:ALT_CHARS],
    )
