"""The page of an investigation: whole without a script, and nothing of outside is markup."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from bot.diagnosis.export.html import html_page
from bot.diagnosis.export.style import STYLE
from bot.domain.evidence import EvidenceLine, SourceReading, SourceState
from bot.domain.report import Confidence, Finding, Report, Severity, Table, TimelineEntry
from bot.text.privacy import presentable

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>&\"'"
VOID = {"meta", "br", "img", "link"}
SECTIONS = (
    "story", "funnel", "bundles", "causes", "ruled-out", "open", "do", "timeline", "checks",
    "evidence", "facts", "queries", "sources",
)  # fmt: skip


def report(text: str = "something") -> Report:
    cause = Finding(
        "provider-failures", Severity.ERROR, Confidence.HIGH, f"2 of 4 failed: {text}", text,
        (EvidenceLine(text, NOW, text),), (text, "/batch list"),
    )  # fmt: skip
    follows = Finding(
        "bundle-collateral", Severity.WARN, Confidence.LOW, f"1 more: {text}",
        cause="provider-failures",
    )  # fmt: skip
    return Report(
        "batch investigate",
        "Investigation of batch 7",
        facts={
            "batch_id": 7,
            "bos_batch_id": text,
            "total_pairs": 4,
            "valid": 2,
            "essays": 5,
            "models": {text: 4},
            "batching_mode": "unknown",
            "first_leak": "stored_valid",
            "funnel": [
                {"stage": "pairs", "count": 4}, {"stage": "queued", "count": None},
                {"stage": "stored_valid", "count": 2}, {"stage": "stored_error", "count": 2},
                {"stage": "projections", "count": 5},
            ],
            "hypotheses": [
                {"name": text, "state": "refuted", "why": text},
                {"name": text, "state": "undecided", "why": text},
            ],
            "bundles": [
                {"at": NOW, "size": 2, "failed": 2},
                {"at": NOW + timedelta(seconds=3), "size": 1, "answered": 1},
            ],
        },
        findings=(cause, follows),
        timeline=(TimelineEntry(NOW, text, text, text, failed=True),),
        sources=(SourceReading("logs", SourceState.MISSING, text),),
        tables=(Table(("batch", "mode"), ((text, "serial_bundle"),), "Test matrix"),),
        headline=f"Batch 7: {text}",
    )  # fmt: skip


class Page(HTMLParser):
    """Collects elements and ids, and checks that each element is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


def test_every_part_of_the_story_is_a_section_and_the_markup_is_whole() -> None:
    page = Page(html_page(presentable(report()), NOW, environment="prod"))
    assert page.open == []
    assert tuple(page.ids) == SECTIONS
    assert "Investigation of batch 7 · prod" in page.words
    assert "Result: 2 of 4 comparisons valid." in page.words
    assert "1 of 4 comparisons is in no bundle that the logs show." in page.words
    assert (
        "2 bundles in the order of their dispatch: 1 answered whole, 1 failed whole." in page.words
    )


def test_it_needs_no_script_and_loads_nothing() -> None:
    page = html_page(presentable(report()), NOW)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(Page(page).seen)
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|url\(|@import|javascript:", page)


@pytest.mark.parametrize("text", [HOSTILE, "<!channel>", "a\u202eb", "a\x00\x1b[31mb", "&lt;b&gt;"])
def test_outside_text_is_never_markup(text: str) -> None:
    quiet = Page(html_page(presentable(report()), NOW))
    page = Page(html_page(presentable(report(text)), NOW, environment=text))
    assert page.seen == quiet.seen
    assert page.attributes == quiet.attributes
    assert page.open == []
    assert not {"\u202e", "\x00", "\x1b"} & set(page.words)


def test_a_mark_is_drawn_since_a_font_may_lack_it() -> None:
    page = html_page(presentable(report()), NOW)
    assert '<i class="mark"' in page
    assert not re.search("[\u2705\u26a0\u2754\U0001f534]", page)


def test_it_follows_the_readers_scheme_and_has_rules_for_paper_and_phones() -> None:
    page = html_page(presentable(report()), NOW)
    for rule in (
        "prefers-color-scheme:dark",
        "@media print",
        "max-width:30rem",
        "width=device-width",
    ):
        assert rule in page


@pytest.mark.parametrize(
    "part", [".funnel", ".strip", ".legend", ".timeline li", ".facts", "article", "pre", "tr"]
)
def test_no_part_is_cut_by_the_end_of_a_sheet(part: str) -> None:
    """A strip stays with the heading that says what it shows, too."""
    printed = STYLE.partition("@media print{")[2]
    rules = [rule.partition("{") for rule in printed.split("}") if "{" in rule]
    whole = [names for names, _, said in rules if "break-inside:avoid" in said]
    beside = [names for names, _, said in rules if "break-before:avoid" in said]
    headings = [names for names, _, said in rules if "break-after:avoid" in said]
    assert part in "".join(whole).strip().split(",")
    assert ".strip" in "".join(beside).strip().split(",")
    assert "h2" in "".join(headings).split(",")
    assert "@page{" in STYLE


def test_what_was_not_seen_says_so() -> None:
    bare = replace(report(), facts={"batch_id": 7}, findings=(), timeline=(), sources=(), tables=())
    words = Page(html_page(presentable(bare), NOW)).words
    for told in (
        "Nothing was counted.",
        "The logs that were read show no bundle of this batch.",
        "Nothing to do.",
        "not looked into in this run",
    ):
        assert told in words
