"""A typed line means the same command whichever door it came through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.report import Report
from bot.errors import UsageError
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand
from bot.requests.command_text import read_line, traces_in

UUID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


async def _run(request: Request, context: CommandContext) -> Report:
    raise AssertionError("never run here")


COMMANDS = {
    name: SlashCommand(name, f"about {name}", (), lambda text: Request("", text), _run)
    for name in ("batch", "trace", "queue", "help")
}


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        ("/batch status 34", "batch", "status 34"),
        ("batch status 34", "batch", "status 34"),
        ("<@U0BOT0000> batch status 34", "batch", "status 34"),
        ("- batch status 34", "batch", "status 34"),
        ("• /batch status 34", "batch", "status 34"),
        ("<@U0BOT0000|batchbot>, Batch  status 34", "batch", "status 34"),
        ("/hule-batch status 34", "batch", "status 34"),
        ("`/queue`", "queue", ""),
        ("*queue*?", "queue", ""),
        ("*/batch status 34*", "batch", "status 34"),
        ("> <@U0BOT0000> *batch status 34*", "batch", "status 34"),
        ("_*batch status 34*_", "batch", "status 34"),
        ("```batch status 34```", "batch", "status 34"),
        ("*batch* status 34", "batch", "status 34"),
        ("* batch status 34", "batch", "status 34"),
        ("1. batch status 34", "batch", "status 34"),
        ("(batch status 34)", "batch", "status 34"),
        ("/batch\u2003status 34", "batch", "status 34"),
        ("batch\r\nstatus 34", "batch", "status 34"),
        ("“trace” x", "trace", "x"),
        ("<@U0BOT0000>", "help", ""),
        ("", "help", ""),
    ],
)
def test_every_door_speaks_the_same_words(typed: str, name: str, words: str) -> None:
    line = read_line(typed, COMMANDS, "hule-")
    assert (line.command.name, line.words) == (name, words)


@pytest.mark.parametrize(
    "typed", ["*/batch status 34*?", "(batch status 34)!", "`batch status 34`."]
)
def test_a_mark_behind_what_is_wrapped_stands_behind_its_last_word(typed: str) -> None:
    assert read_line(typed, COMMANDS).words == f"status 34{typed[-1]}"


def test_an_unknown_command_names_the_nearest_and_all() -> None:
    with pytest.raises(UsageError, match=r"no command /bath\b") as raised:
        read_line("/bath status 34", COMMANDS)
    assert raised.value.hint == "Did you mean /batch?"
    assert len(raised.value.usage) == 4


@given(st.text())
def test_any_text_is_a_command_or_a_usage_error(text: str) -> None:
    try:
        read_line(text, COMMANDS)
    except UsageError as error:
        assert len(error.message) < 100  # noqa: PT017 - the success branch is as good


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({"text": f"failed: {UUID.upper()}."}, [f"/trace {UUID}"]),
        ({"blocks": [{"elements": [{"value": f"/trace {UUID}"}]}]}, [f"/trace {UUID}"]),
        ({"text": "batch 34 and batch_id=35, #36"}, ["/batch status 34", "/batch status 35"]),
        ({"text": f"{UUID} {UUID} in batch 34"}, [f"/trace {UUID}", "/batch status 34"]),
        ({"text": "nothing", "token": UUID}, []),
        (None, []),
        ("text", []),
    ],
)
def test_ids_are_found_in_any_message(message: object, found: list[str]) -> None:
    assert traces_in(message) == found


def test_a_message_full_of_ids_offers_a_few() -> None:
    many = " ".join(f"{n:08d}-9411-4ca2-9999-59a9d18c5da9" for n in range(100))
    assert len(traces_in({"text": many})) == 5
