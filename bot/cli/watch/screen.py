"""Shows the rounds of `ask --watch`: a picture redrawn at a terminal, else an answer a change."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from bot.cli import terminal
from bot.cli.formats import Format
from bot.cli.output import as_object, error_json, error_lines, rendered, to_json_line
from bot.cli.watch.report_diff import shortened
from bot.cli.watch.rounds import Round
from bot.domain.report import Report
from bot.text.privacy import said
from bot.text.wording import often

Keep = Callable[[Report], None]


class PictureScreen:
    """The whole terminal, redrawn each round; on leaving, the last answer stays in full."""

    def __init__(self, seconds: float, keep: Keep) -> None:
        self._console = terminal.console()
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, vertical_overflow="ellipsis"
        )
        self._seconds = seconds
        self._keep = keep
        self._last: Round | None = None

    def __enter__(self) -> Self:
        self._live.start()
        self._live.update(Text("asking ...", style="dim"), refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
        if self._last is not None:
            self._console.print(Group(*_answer(self._last)))

    def show(self, round: Round) -> None:
        """Redraw."""
        self._last = round
        self._live.update(picture(round, self._seconds), refresh=True)
        if round.is_news and isinstance(round.answer, Report):
            self._keep(round.answer)


def picture(round: Round, seconds: float) -> RenderableType:
    """Return one round for a terminal: when it was asked, what is new, the answer."""
    return Group(*_head(round, seconds), *_answer(round))


def _head(round: Round, seconds: float) -> Iterator[RenderableType]:
    yield Text(
        f"{_clock(round.at)} · every {seconds:g} s · asked {often(round.number)} · Ctrl-C ends",
        style="dim",
        no_wrap=True,
        overflow="ellipsis",
    )
    if round.since is not None:
        yield Text(f"new since {_clock(round.since)}:", style="bold yellow")
        yield from (Text(f"  {said(line)}", style="yellow") for line in shortened(round.new))
    yield Text()


def _answer(round: Round) -> Iterator[RenderableType]:
    if isinstance(round.answer, Report):
        yield terminal.show(round.answer)
    else:
        yield from (Text(line, style="bold magenta") for line in error_lines(round.answer))


class LineScreen:
    """A pipe or a file: the first answer, then one for each change."""

    def __init__(self, form: Format, keep: Keep) -> None:
        self._form = form
        self._keep = keep

    def show(self, round: Round) -> None:
        """Write the answer when it is news; JSON and blocks as one object a line."""
        if not round.is_news:
            return
        sys.stdout.write(written(round, self._form))
        sys.stdout.flush()
        if isinstance(round.answer, Report):
            self._keep(round.answer)


def written(round: Round, form: Format) -> str:
    """Return one round as text for a pipe."""
    answer = round.answer
    if form in (Format.JSON, Format.BLOCKS):
        return to_json_line(
            as_object(answer, form) if isinstance(answer, Report) else error_json(answer)
        )
    if not isinstance(answer, Report):
        text = "".join(f"{line}\n" for line in error_lines(answer))
    elif form is Format.TEXT:
        text = terminal.printed(answer)
    else:
        text = rendered(answer, form)
    return "".join(f"{line}\n" for line in _divider(round)) + text


def _divider(round: Round) -> Iterator[str]:
    if round.number > 1:
        yield ""
        yield f"--- {_clock(round.at)}"
        yield from (f"new: {said(line)}" for line in shortened(round.new))
        yield ""


def _clock(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%H:%M:%SZ")
