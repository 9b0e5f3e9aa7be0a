"""`/batch investigate` and `/batch bundle`: the whole story of a batch, and its files."""

from dataclasses import replace

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.export import bundle
from bot.diagnosis.export.alert import zipped
from bot.diagnosis.export.html import html_page
from bot.diagnosis.export.page import page
from bot.diagnosis.investigate.report import Investigation, collect, investigate
from bot.domain.evidence import Missing
from bot.domain.report import Attachment, Report
from bot.ports import CommandContext
from bot.text.privacy import presentable
from commands._words import shown


async def investigation(batch_id: int, word: str, context: CommandContext) -> Report | None:
    """Investigate one batch; None when it does not exist. The page comes with --export."""
    found = await _collected(batch_id, context)
    if found is None:
        return None
    if isinstance(found, Missing):
        return replace(batch_report.unreadable(shown(word), found), command="batch investigate")
    return _documented(found, context)


async def bundled(batch_id: int, word: str, context: CommandContext) -> Report | None:
    """Return the batch's evidence as a zip; None when the batch does not exist."""
    found = await _collected(batch_id, context)
    if found is None:
        return None
    if isinstance(found, Missing):
        return replace(batch_report.unreadable(shown(word), found), command="batch bundle")
    now = context.now()
    report = presentable(investigate(found, now))
    logs = bundle.log_files(found.evidence.nearby)
    lines = sum(content.count(b"\n") for content in logs.values())
    documents = {
        "investigation.md": page(report, now, recorded=lines).encode(),
        "investigation.html": _html(report, context, recorded=lines),
    }
    content = zipped(bundle.files(report, documents, logs))
    name = f"batch-{batch_id}.zip"
    return replace(
        report,
        command="batch bundle",
        title=f"Bundle of batch {batch_id}",
        facts={"batch_id": batch_id, "file": name, "bytes": len(content)},
        matters=(("As a zip", f"{name}, redacted, with a folder for batchbot replay"),),
        timeline=(),
        tables=(),
        folded=(),
        charts=(),
        story=(),
        lines=(),
        summary=f"Evidence of batch {batch_id}, redacted, with a folder for batchbot replay.",
        actions=(f"/batch investigate {batch_id}",),
        attachments=(Attachment(name, content, f"Evidence of batch {batch_id}"),),
    )


def exported(report: Report, context: CommandContext) -> Report:
    """Return the report with its page attached, to read in a browser and as Markdown."""
    if not report.document:
        return report
    name = f"investigation-batch-{report.facts.get('batch_id')}"
    title = str(report.title)
    files = (
        Attachment(f"{name}.html", _html(report, context), f"{title}, for a browser or paper"),
        Attachment(f"{name}.md", report.document.encode(), title, is_document=True),
    )
    return replace(report, attachments=files)


async def _collected(batch_id: int, context: CommandContext) -> Investigation | Missing | None:
    found = await collect(
        context.sources,
        batch_id,
        context.now(),
        deadline=context.deadline,
        progress=context.progress,
    )
    if found is None or isinstance(found, Missing):
        return found
    opens_after = context.options.opens_after
    return replace(found, evidence=found.evidence.opening_after(opens_after))


def _documented(found: Investigation, context: CommandContext) -> Report:
    now = context.now()
    report = presentable(investigate(found, now))
    return replace(report, document=page(report, now))


def _html(report: Report, context: CommandContext, *, recorded: int | None = None) -> bytes:
    page = html_page(report, context.now(), environment=context.environment, recorded=recorded)
    return page.encode()
