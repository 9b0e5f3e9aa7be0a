"""A typed line means the same command whichever door it came through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.report import Report
from bot.errors import UsageError
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand, commands
from bot.requests.command_text import read_line, traces_in
from bot.requests.questions.asking import subject_of

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
        ("／ｂａｔｃｈ\u3000status ３４", "batch", "status 34"),
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
    assert raised.value.hint == "Did you mean /batch status 34?"
    assert len(raised.value.usage) == 4


@pytest.mark.parametrize("line", ["/bacth statsu 34", "/bacth status 34", "/batch statsu 34"])
def test_a_line_with_words_off_offers_the_whole_line_that_was_meant(line: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_line(line, commands()).request()
    assert raised.value.offers == ("/batch status 34",)


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


@pytest.mark.parametrize(
    ("typed", "works", "example"),
    [
        ("/batch trends --since never", "2h, 3d, 23:10, yesterday", "/batch trends --since 7d"),
        ("/batch trends --by colour", "mode, model, provider", "/batch trends --since 7d"),
        ("/batch trends --since", "--since needs a value", "/batch trends --since 7d"),
        ("/batch trends 33", "but --since and --by", "/batch trends --since 7d"),
        ("/BATCH Trends 33", "but --since and --by", "/batch trends --since 7d"),
        ("/changes yesterdy", "2h, 3d, 23:10, yesterday", "/changes 2h"),
        ("/alerts snooze 3 soon", "soon is no time", "/alerts snooze 3 2h"),
        ("/logs cj x --since nope", "2h, 3d, 23:10, yesterday", "--since 2h"),
        ("/queue requeue", "needs one id", "/queue requeue 11111111"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_answered_by_what_works_and_an_example_and_no_list(
    typed: str, works: str, example: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_line(typed, commands()).request()
    error = caught.value
    assert works in f"{error.message} {error.hint}"
    assert f"Such as {example}" in error.hint or example in error.hint.partition("Such as ")[2]
    assert 1 <= len(error.usage) <= 2
    verb = " ".join(typed.casefold().split()[:2])
    verbless = typed.split()[0] in ("/changes", "/help", "/logs")
    assert verbless or all(line.startswith(verb) for line in error.usage)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/batch statsu 34", "/batch status 34"),
        ("/batch Statsu #34 --here", "/batch status #34 --here"),
        ("/batch compaer 33 34", "/batch compare 33 34"),
        ("/bath status 34", "/batch status 34"),
        ("/hule-traec 34", "/trace 34"),
        ("/quue", "/queue"),
        ("/batch status 34 --fil", "/batch status 34 --file"),
        ("/logs cj error --sinse 2h", "/logs cj error --since 2h"),
        ("/help orphaned-itm", "/help orphaned-item"),
        ("/alerts histori", "/alerts history"),
        ("/alerts histori a b c", ""),
        ("/batch statsu 34 35 36 37", ""),
        ("/batch zzzz 34", ""),
        ("/bath zzzz 34", ""),
        ("/zzzz 34", ""),
    ],
)
def test_a_misspelt_word_offers_the_line_that_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_line(typed, commands(), "hule-").request()
    assert caught.value.offers == ((meant,) if meant else ())
    if meant and "/help" not in meant:
        assert read_line(meant, commands()).request()


def test_an_offered_line_comes_with_the_usage_of_its_verb_alone() -> None:
    with pytest.raises(UsageError) as caught:
        read_line("/batch statos 33", commands()).request()
    assert caught.value.hint == "Did you mean status?"
    assert [line.split()[1] for line in caught.value.usage] == ["status"]


def test_a_verb_that_is_not_there_is_answered_by_those_that_are() -> None:
    with pytest.raises(UsageError) as caught:
        read_line("/batch statos 33 34 35 36", commands()).request()
    assert caught.value.hint == "Did you mean status?"
    assert len(caught.value.usage) == len(commands()["batch"].usages)


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("/batch status 34", "batch 34"),
        (f"/trace {UUID}", f"trace {UUID}"),
        ("/batch status sk-ant-api03-Abcdefgh12345678", ""),
        ("/batch status Karin-Lindqvist-9B", ""),
    ],
)
def test_what_an_answer_is_about_holds_what_everybody_may_read(line: str, subject: str) -> None:
    assert subject_of(line) == subject
