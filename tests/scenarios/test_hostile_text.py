"""Hostile text reaches no renderer as more than text: it pings nobody, breaks nothing, fits."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.cli import terminal
from bot.cli.output import to_json
from bot.domain.alert import Alert, AlertState, Condition, Reason
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.domain.routing.message import AlertMessage
from bot.errors import Blank, DeniedError, SourceError, UsageError
from bot.ports import Choice, Form, Overview
from bot.slack.blocks import alert as blocks_alert
from bot.slack.blocks.limits import violations
from bot.slack.blocks.renderer import BlockKit
from bot.slack.outbound.views import fit
from bot.text import markdown_report
from bot.text.privacy import presentable
from tests.support.slack.views import view_violations
from tests.support.strategies import reports, texts

AT = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)
PINGS = re.compile(r"<(?!!date\^)[!@#]")
ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
KIT = BlockKit()
MANY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # megabytes take for ever to shrink
)
MEGABYTE = "<!channel> ```\x1b[31m\u202e\ud800 " * 32_000

errors = st.one_of(
    st.builds(lambda m, h, u: UsageError(m, usage=u, hint=h), texts, texts, st.lists(texts)),
    st.builds(lambda m, h: SourceError("cj_database", m, hint=h), texts, texts),
    st.builds(DeniedError, texts),
)
choices = st.lists(st.builds(Choice, texts, texts), max_size=120).map(tuple)
blanks = st.lists(
    st.builds(Blank, texts, st.sampled_from(["batch", "alert", "text", "?"])), max_size=4
).map(tuple)
forms = st.builds(
    Form,
    typed=texts,
    ask=texts,
    blanks=blanks,
    carried=st.just("{}"),
    choices=st.fixed_dictionaries({"batch": choices, "alert": choices}),
    looking=st.booleans(),
)


def _message_is_harmless(message: Any) -> None:
    assert violations(message["blocks"], message["text"]) == []
    _shown_is_harmless([message["text"], message["blocks"]])


def _view_is_harmless(view: Any) -> None:
    assert view_violations(view) == []
    _shown_is_harmless(view)


def _shown_is_harmless(shown: Any) -> None:
    text = json.dumps(shown, ensure_ascii=False)
    text.encode()
    assert not PINGS.search(text)


@MANY
@given(errors)
def test_an_error(error: Exception) -> None:
    _message_is_harmless(KIT.error(error))


@MANY
@given(texts, texts)
def test_the_progress_of_a_command(typed: str, note: str) -> None:
    _message_is_harmless(KIT.working(typed, note, run_id="1"))


@MANY
@given(reports, texts)
def test_a_shared_answer_and_the_modal_of_one(report: Report, by: str) -> None:
    _message_is_harmless(KIT.shared(KIT.report(report), by, AT))
    _view_is_harmless(fit(KIT.sheet(KIT.report(report, share="x"))))


@MANY
@given(forms)
def test_a_form(form: Form) -> None:
    _view_is_harmless(KIT.form(form))


@MANY
@given(st.lists(reports | errors, max_size=3))
def test_the_app_home(glances: list[Any]) -> None:
    sources = [reading for one in glances if isinstance(one, Report) for reading in one.sources]
    blocks = KIT.home(Overview(glances, sources, AT))
    _view_is_harmless(fit({"type": "home", "blocks": blocks}))


@MANY
@given(reports)
def test_the_terminal_markdown_and_json(report: Report) -> None:
    printed = terminal.printed(report)
    assert not ESCAPES.search(printed.replace("\n", ""))
    written = markdown_report.render(report)
    assert not ESCAPES.search(written.replace("\n", ""))
    told = to_json(presentable(report).as_json())
    for text in (printed, written, told):
        text.encode("utf-8", "strict")


def _huge(text: str) -> Report:
    line = EvidenceLine(text, AT, text)
    finding = Finding("r", Severity.ERROR, Confidence.HIGH, text, text, (line,), (text,))
    return Report(text, text, {text: text}, (finding,), summary=text, actions=(text,))


def _alert(text: str) -> AlertMessage:
    condition = Condition(text, "r", Severity.ERROR, Confidence.HIGH, text, AT, why=text)
    alert = Alert(text, "d", text, text, AlertState.FIRING, Severity.ERROR, condition, AT, AT, AT)
    return AlertMessage(alert, Reason.OPEN, is_parent=True, note=text)


RENDERERS: dict[str, Callable[[str], Any]] = {
    "error": lambda text: _message_is_harmless(KIT.error(UsageError(text, hint=text))),
    "progress": lambda text: _message_is_harmless(KIT.working(text, text)),
    "report": lambda text: _message_is_harmless(KIT.report(_huge(text))),
    "alert": lambda text: _message_is_harmless(blocks_alert.render(_alert(text))),
    "terminal": lambda text: terminal.printed(_huge(text)).encode(),
    "markdown": lambda text: markdown_report.render(_huge(text)).encode(),
    "form": lambda text: _view_is_harmless(
        KIT.form(Form(text, text, (Blank(text),), "{}", {"text": (Choice(text, text),)}))
    ),
}


@pytest.mark.parametrize("name", RENDERERS)
def test_a_megabyte_is_cut(name: str) -> None:
    RENDERERS[name](MEGABYTE)
