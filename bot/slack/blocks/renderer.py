"""Renders reports, errors, progress, forms and the App Home as Slack messages and views."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.chart import drawable
from bot.domain.report import Attachment, Report
from bot.domain.words import Text, words
from bot.errors import (
    BatchbotError,
    DeniedError,
    NotFoundError,
    SourceError,
    UnreadError,
    UsageError,
)
from bot.ports import Form, Overview
from bot.ports.action_ids import CANCEL_ACTION
from bot.slack.blocks import elements as kit
from bot.slack.blocks.app_home import DIVIDER, source_blocks, top_blocks
from bot.slack.blocks.elements import Block
from bot.slack.blocks.forms import form_view, sheet_view
from bot.slack.blocks.limits import MAX_JSON_CHARS, size, violations
from bot.slack.blocks.mrkdwn import Mrkdwn, clamp, code, date_token, escape, literal, mrkdwn
from bot.slack.blocks.report import (
    FOOT_CHARS,
    GLANCE,
    LEVELS,
    SUMMARY_CHARS,
    left_out,
    offer_blocks,
    report_blocks,
    summary_line,
)
from bot.text.privacy import presentable, said

# Text of emoji takes twelve times its length on the wire, so an error too may have to be cut.
ERROR_LEVELS = (1_200, 400, 100)
TITLE_CHARS = 200
NO_WORDS = Mrkdwn("There is no answer.")


@dataclass(frozen=True, slots=True)
class BlockKit:
    """Renders reports and errors for Slack; `whole` writes the full text of one that is cut."""

    whole: Callable[[Report], str] | None = None

    def report(self, report: Report, *, share: str = "") -> Mapping[str, Any]:
        """Return `text`, `blocks`, `files` (attachments, and the whole answer if it was cut) and
        `charts`, to be drawn where Slack does not draw them.
        """
        clean = presentable(report)
        text = summary_line(clean)
        for detail in LEVELS:
            blocks = [*report_blocks(clean, detail, share), *_read_as(report)]
            if size(blocks) <= MAX_JSON_CHARS - FOOT_CHARS and not violations(blocks, text):
                break
        else:
            blocks = [kit.section(escape(text))]
        cut = left_out(clean, detail)
        return {
            "text": text,
            "blocks": blocks,
            "files": self._files(clean, bool(cut)),
            "charts": [chart for chart in clean.charts if drawable(chart)],
        }

    def error(self, error: Exception, *, error_id: str = "") -> Mapping[str, Any]:
        """Return the message for the asker: what went wrong and what to do about it."""
        told = _error_words(error, error_id)
        plain = literal(words(told[0], " ", told[1]), SUMMARY_CHARS)
        text = clamp(escape(plain), SUMMARY_CHARS) or NO_WORDS
        for chars in ERROR_LEVELS:
            blocks = list(_error_blocks(_error_mark(error), *told, chars))
            if not violations(blocks, text):
                break
        offers = error.offers if isinstance(error, UnreadError) else ()
        return {"text": text, "blocks": [*blocks, *offer_blocks(offers)]}

    def working(self, typed: str, note: str, *, run_id: str = "") -> Mapping[str, Any]:
        """Return the message that stands where an answer will be, with a way to cancel it."""
        told = f" ({mrkdwn(note, 150)})" if note else ""
        line_ = f"⏳ Working on {code(typed, 120)}{told}"
        cancel = [kit.button("Cancel", CANCEL_ACTION, run_id)] if run_id else []
        text = clamp(escape(f"⏳ Working on {literal(typed, 120)} {note}"), SUMMARY_CHARS)
        return {"text": text, "blocks": [kit.section(line_), *kit.buttons(cancel)]}

    def shared(self, message: Mapping[str, Any], by: str, at: datetime) -> Mapping[str, Any]:
        """Return an answer as it is said once its asker made it public."""
        told = kit.context(f"Shared by {mrkdwn(by, 80)}, answered {date_token(at)}")
        return {**message, "blocks": [*message["blocks"], told]}

    def form(self, form: Form) -> Mapping[str, Any]:
        """Return the modal that asks for what a command lacks."""
        return form_view(form)

    def sheet(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the modal that shows a message, for who asked from the App Home."""
        return sheet_view(message)

    def home(self, overview: Overview) -> Sequence[Mapping[str, Any]]:
        """Return the blocks of the App Home."""
        return [
            *top_blocks(overview),
            *(block for one in overview.glances for block in (DIVIDER, *self._glance(one))),
            *source_blocks(overview),
            *((DIVIDER, *report_blocks(overview.help, LEVELS[0])) if overview.help else ()),
        ]

    def _glance(self, one: Report | BatchbotError) -> Sequence[Block]:
        if isinstance(one, Report):
            return list(report_blocks(presentable(one), GLANCE))
        return list(self.error(one)["blocks"])

    def _files(self, report: Report, cut: bool) -> tuple[Attachment, ...]:
        if not cut or self.whole is None:
            return report.attachments
        content = self.whole(report).encode()
        if any(one.content == content for one in report.attachments):
            return report.attachments
        whole = Attachment(
            "answer.md",
            content,
            literal(words("Whole answer: ", report.title), 200),
        )
        return (*report.attachments, whole)


def _read_as(report: Report) -> list[Block]:
    return [kit.context(f"Read as {code(report.read_as, 150)}")] if report.read_as else []


def _error_blocks(
    mark: str, message: Text, hint: Text, usage: Sequence[str], chars: int
) -> Iterator[Block]:
    yield kit.section(f"{mark} {mrkdwn(message, chars)}")
    if hint:
        yield kit.section(mrkdwn(hint, chars))
    if usage:
        shown = [literal(one, min(160, chars)) for one in usage[:20]]
        yield kit.preformatted(shown, 2 * chars)


def _error_mark(error: Exception) -> str:
    if isinstance(error, UsageError | DeniedError | NotFoundError):
        return "❔"
    return "🔴"


def _error_words(error: Exception, error_id: str) -> tuple[Text, Text, Sequence[str]]:
    if isinstance(error, BatchbotError):
        usage = error.usage if isinstance(error, UsageError) else ()
        source = f"{error.source}: " if isinstance(error, SourceError) else ""
        message = words(source, said(error.message))
        return message, said(error.hint), [said(line) for line in usage]
    return (
        f"Something broke inside the bot. Error id {error_id or 'unknown'}.",
        "The bot's log has the details under that id; the command changed nothing.",
        (),
    )
