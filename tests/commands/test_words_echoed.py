"""The words that our own commands take may be read back to everybody."""

from bot.registry import commands
from bot.text.redaction import echoed


def test_every_word_that_a_command_takes_is_echoed_as_it_was_typed() -> None:
    lines = [usage.example for one in commands().values() for usage in one.usages]
    for command in commands().values():
        for usage in command.usages:
            words = (w for w in usage.words.split() if not {*"<>[]"} & {*w})
            lines += [f"/{command.name} {one}" for w in words for one in w.split("|")]
    assert len(lines) > len(commands())
    assert {line: echoed(line) for line in lines if echoed(line) != line} == {}
