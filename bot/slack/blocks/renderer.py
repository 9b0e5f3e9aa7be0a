"""Renders reports, errors, progress, forms and the App Home as Slack messages and views."""

import re
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
    UsageError,
)
from bot.ports import Form, Overview
from bot.ports.action_ids import CANCEL_ACTION
from bot.slack.blocks import elements as kit
from bot.slack.blocks.app_home import DIVIDER, source_blocks, top_blocks
from bot.slack.blocks.command_buttons import WHOLE, offer_blocks
from bot.slack.blocks.elements import Block
from bot.slack.blocks.folds import fitted, folds_of, pages
from bot.slack.blocks.forms import form_view, sheet_view
from bot.slack.blocks.limits import MAX_JSON_CHARS, size, violations
from bot.slack.blocks.mrkdwn import Mrkdwn, clamp, code, date_token, escape, literal, mrkdwn
from bot.slack.blocks.report import (
    FOOT_CHARS,
    GLANCE,
    LEVELS,
    SUMMARY_CHARS,
    headline_block,
    report_blocks,
    summary_line,
)
from bot.text.privacy import presentable, said
from bot.text.redaction import echoed

# Text of emoji takes twelve times its length on the wire, so an error too may have to be cut.
_NAME = re.compile(r"[A-Za-z0-9]+")
ERROR_LEVELS = (1_200, 400, 100)
NAME_LEVELS = (80, 20, 5)
NO_WORDS = Mrkdwn("There is no answer.")


@dataclass(frozen=True, slots=True)
class BlockKit:
    """Renders reports and errors for Slack; `whole` writes the full text of one that is cut."""

    whole: Callable[[Report], str] | None = None

    def report(self, report: Report, *, share: str = "", whole: bool = False) -> Mapping[str, Any]:
        """Return an answer's `text` and `blocks`: one screen, and folded what it rests on.

        `rest` is what did not fit and `details` all that is folded, in pages of blocks; `asks` is
        the command whose modal shows it. `whole` is the answer as a file, and little beside it.
        `charts` are to be drawn where Slack does not draw them.
        """
        clean = presentable(report)
        text = summary_line(clean)
        if whole and self.whole is not None:
            return {"text": text, "blocks": _with_file(clean), "files": (self._file(clean),)}
        folds = folds_of(clean)
        for detail in LEVELS:
            screen = list(
                report_blocks(clean, detail, share, whole=bool(folds) and self.whole is not None)
            )
            if size(screen) <= MAX_JSON_CHARS - FOOT_CHARS and not violations(screen, text):
                break
        else:
            screen = [kit.section(escape(text))]
        folded = fitted(folds, MAX_JSON_CHARS - FOOT_CHARS - size(screen))
        *body, foot = screen
        return {
            "text": text,
            "blocks": [*body, *folded.blocks, foot],
            "rest": folded.rest,
            "details": pages(folds),
            "asks": "" if clean.is_change else clean.command,
            "confirm": clean.confirm,
            "files": clean.attachments,
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
        offers = error.offers if isinstance(error, UsageError) else ()
        return {"text": text, "blocks": [*blocks, *offer_blocks(offers)]}

    def working(self, typed: str, note: str, *, run_id: str = "") -> Mapping[str, Any]:
        """Return the message that stands where an answer will be, with a way to cancel it."""
        told = f" ({mrkdwn(note, 150)})" if note else ""
        typed = echoed(typed)
        line_ = f"⏳ Working on {code(typed, 120)}{told}"
        cancel = [kit.button("Cancel", CANCEL_ACTION, run_id)] if run_id else []
        text = clamp(escape(f"⏳ Working on {literal(typed, 120)} {note}"), SUMMARY_CHARS)
        return {"text": text, "blocks": [kit.section(line_), *kit.buttons(cancel)]}

    def shared(self, message: Mapping[str, Any], by: str, at: datetime) -> Mapping[str, Any]:
        """Return an answer as it is said once its asker made it public."""
        blocks = message["blocks"]
        for chars in NAME_LEVELS:
            told = kit.context(f"Shared by {mrkdwn(by, chars)}, answered {date_token(at)}")
            if size([*blocks, told]) <= MAX_JSON_CHARS:
                break
        return {**message, "blocks": [*blocks, told]}

    def form(self, form: Form) -> Mapping[str, Any]:
        """Return the modal that asks for what a command lacks."""
        return form_view(form)

    def sheet(self, message: Mapping[str, Any], *, carried: str = "") -> Mapping[str, Any]:
        """Return the modal that shows a message, which asks for a yes where it carries one."""
        return sheet_view(message, carried=carried)

    def home(self, overview: Overview) -> Sequence[Mapping[str, Any]]:
        """Return the blocks of the App Home: what needs somebody, then the rest."""
        return [
            *top_blocks(overview),
            *(block for one in overview.glances for block in (DIVIDER, *self._glance(one))),
            *source_blocks(overview),
        ]

    def _glance(self, one: Report | BatchbotError) -> Sequence[Block]:
        if isinstance(one, Report):
            return list(report_blocks(presentable(one), GLANCE))[:-1]
        return list(self.error(one)["blocks"])

    def _file(self, report: Report) -> Attachment:
        assert self.whole is not None  # noqa: S101 - asked before
        name = "-".join(_NAME.findall(report.command.removesuffix(WHOLE))) or "answer"
        title = literal(words("Whole answer: ", report.title), 200)
        return Attachment(f"{name[:60]}.md", self.whole(report).encode(), title)


def _with_file(report: Report) -> list[Block]:
    """Return what stands beside a file: the answer in one line, and what the file is."""
    return [
        headline_block(report),
        kit.context(f"All of {code(report.command, 150)} is in the file."),
    ]


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
