"""`ask --watch`: rounds, what is new in each, how it ends; and how the rounds are shown."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from bot.cli.formats import Exit, Format
from bot.cli.watch.rounds import Answer, Round, following, watch
from bot.cli.watch.screen import LineScreen, PictureScreen, picture, written
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.errors import BatchbotError, NotFoundError, SourceError, UsageError

AT = datetime(2025, 11, 18, 23, 19, 26, tzinfo=UTC)
FINE = Report("queue", "LLM queue", facts={"size": 1})
STUCK = Report(
    "queue", "LLM queue", facts={"size": 1}, summary="stuck",
    findings=(Finding("orphaned-item", Severity.ERROR, Confidence.HIGH, "x"),),
)  # fmt: skip
DOWN = SourceError("llm_queue", "refused")


class Seen:
    """A screen that keeps what it is shown."""

    def __init__(self) -> None:
        self.rounds: list[Round] = []

    def show(self, round: Round) -> None:
        self.rounds.append(round)


async def _watched(*answers: Answer) -> tuple[Exit, list[Round]]:
    """Watch a question that answers so, one after the other, until it has no more to say."""
    stop, seen, left = asyncio.Event(), Seen(), iter(answers)

    async def ask() -> Report:
        answer = next(left, None)
        if answer is None:
            stop.set()
            await asyncio.Event().wait()
        if isinstance(answer, BatchbotError):
            raise answer
        assert answer is not None
        return answer

    code = await watch(ask, seen, 0.0, _clock(), stop)
    return code, seen.rounds


def _clock() -> "type[datetime.now]":  # type: ignore[valid-type]
    times = (AT + timedelta(seconds=5 * number) for number in range(1_000))
    return lambda: next(times)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((FINE,), Exit.FINE),
        ((FINE, STUCK), Exit.ERROR),
        ((STUCK, FINE), Exit.FINE),
        ((FINE, DOWN), Exit.UNKNOWN),
        ((NotFoundError("no such batch"), FINE), Exit.FINE),
        ((), Exit.INTERRUPTED),
    ],
)
async def test_it_ends_with_the_last_answers_exit_code(
    answers: tuple[Answer, ...], code: Exit
) -> None:
    assert (await _watched(*answers))[0] is code


async def test_only_a_change_is_news_and_it_stays_on_view() -> None:
    _, rounds = await _watched(FINE, FINE, STUCK, STUCK)
    assert [one.is_news for one in rounds] == [True, False, True, False]
    assert rounds[3].new == rounds[2].new
    assert rounds[3].since == rounds[1].at
    assert "verdict: OK → Error" in rounds[2].new


async def test_what_cannot_be_read_is_asked_again() -> None:
    _, rounds = await _watched(FINE, DOWN, DOWN, FINE)
    assert [one.new for one in rounds if one.is_news] == [
        (), ("could not be answered",), ("answered again",),
    ]  # fmt: skip


async def test_wrong_words_end_it_at_once() -> None:
    with pytest.raises(UsageError):
        await _watched(UsageError("no such service"))


@pytest.fixture
def second() -> Round:
    return following(Round(1, AT, FINE), STUCK, AT + timedelta(seconds=5))


def test_the_picture_has_the_news_above_the_answer(second: Round) -> None:
    screen = Console(width=60, height=20, force_terminal=False)
    with screen.capture() as captured:
        screen.print(picture(second, 5))
    lines = captured.get().splitlines()
    assert lines[0].startswith("23:19:31Z · every 5 s · asked 2 times")
    assert lines[1] == "new since 23:19:26Z:"
    assert "verdict: OK → Error" in lines[2]
    assert any("🔴 stuck" in line for line in lines[4:])


def test_a_pipe_gets_the_first_answer_and_then_one_for_each_change(
    second: Round, capsys: pytest.CaptureFixture[str]
) -> None:
    kept: list[Report] = []
    lines = LineScreen(Format.TEXT, kept.append)
    for round in (Round(1, AT, FINE), Round(2, AT, FINE, is_news=False), second):
        lines.show(round)
    out = capsys.readouterr().out
    assert out.count("LLM queue") == 2
    assert "\n--- 23:19:31Z\nnew: verdict: OK → Error\n" in out
    assert kept == [FINE, STUCK]


@pytest.mark.parametrize("form", [Format.JSON, Format.BLOCKS])
def test_data_is_one_object_a_line(form: Format, second: Round) -> None:
    text = written(second, form) + written(following(second, DOWN, AT), form)
    first, failed = (json.loads(line) for line in text.splitlines())
    assert first.get("verdict", "error") == "error"
    assert failed["error"] == "refused"


def test_what_is_new_shows_no_secret() -> None:
    first = following(None, Report("x", "x"), AT)
    finding = Finding(
        "leak", Severity.ERROR, Confidence.HIGH, "dsn postgresql://u:hunter22@h/db", ""
    )
    second = following(first, Report("x", "x", findings=(finding,)), AT)
    screen = Console(width=120, record=True)
    screen.print(picture(second, 5))
    for text in (written(second, Format.TEXT), screen.export_text()):
        assert "dsn postgresql" in text
        assert "hunter22" not in text


def test_leaving_the_picture_leaves_the_last_answer(
    second: Round, capsys: pytest.CaptureFixture[str]
) -> None:
    with PictureScreen(5, lambda _: None) as shown:
        shown.show(second)
    assert "🔴 stuck" in capsys.readouterr().out
