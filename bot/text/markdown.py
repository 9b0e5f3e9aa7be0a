"""Outside text as Markdown in which every character stands for itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.catalogue.links import help_line
from bot.domain.ids import short_id
from bot.domain.report import Finding, TimelineEntry
from bot.domain.words import Command, Id, Part, Text
from bot.text.times import UtcTimes
from bot.text.wording import as_step

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")
# At the end of a part too: what the next part begins with would be the name.
_MENTION = re.compile(r"(?<!\w)@(?=\w|\Z)")


def plain_text(text: str) -> str:
    """Return text on one line that can neither format, link nor mention."""
    return _escaped(" ".join(str(text).split()))


def _escaped(line: str) -> str:
    return _MENTION.sub("@\u200b", _SPECIAL.sub(r"\\\1", line))


def code(text: str) -> str:
    """Return text on one line as inline code, empty for none."""
    line = " ".join(text.split()).replace("`", "ˋ")
    return f"`{line}`" if line else ""


@dataclass(frozen=True, slots=True)
class MarkdownWriter:
    """Writes the typed text of one message as Markdown, its times as `times` has them."""

    times: UtcTimes

    def text(self, text: Text) -> str:
        """Return a text on one line that can neither format, link nor mention."""
        return self.times.text(text, _spelled).strip()

    def quoted(self, text: Text) -> str:
        """Return a text as inline code, empty for none."""
        return code(self.times.text(text))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Iterator[str]:
        """Yield the lines of a table and an empty one."""
        yield f"| {' | '.join(plain_text(column) for column in columns)} |"
        yield f"|{'---|' * len(columns)}"
        for row in rows:
            yield f"| {' | '.join(self.text(cell) or ' ' for cell in row[: len(columns)])} |"
        yield ""

    def finding(self, finding: Finding, *, steps: bool = True) -> Iterator[str]:
        """Yield what stands under a finding's heading."""
        cause = f" · follows from `{finding.cause}`" if finding.cause else ""
        sure = f"confidence {finding.confidence.value}"
        yield f"{finding.severity.value} · `{help_line(finding.rule)}` · {sure}{cause}"
        yield ""
        if finding.why:
            yield self.text(finding.why)
            yield ""
        for line in finding.evidence:
            when = f"{self.times.at(line.at)} " if line.at else ""
            yield f"- {when}{plain_text(line.source)}: {self.quoted(line.text)}"
        if steps:
            yield from (f"- Next: {self.text(as_step(step))}" for step in finding.next)
        yield ""

    def timeline(self, entries: Sequence[TimelineEntry]) -> Iterator[str]:
        """Yield the timeline as a table."""
        rows = [(self.times.at(e.at), e.service, e.source, e.text) for e in entries]
        yield from self.table(("at", "service", "source", "what"), rows)


def _spelled(part: Part) -> str:
    match part:
        case Id():
            return code(short_id(part.value))
        case Command():
            return code(part.line)
        case _:
            return _escaped(" ".join(f"|{part}|".split())[1:-1])
