"""Watches every message and view that any test renders; a pytest plug-in.

The test that rendered what Slack would refuse, what pings or what is too large fails; at the end
of the session everything is checked against Slack's types at once, on all workers together.
"""

import html
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

import pytest

from bot.slack.blocks import alert as blocks_alert
from bot.slack.blocks.limits import CONTAINER, MAX_JSON_CHARS, size, violations
from bot.slack.blocks.renderer import BlockKit
from bot.slack.outbound import views
from tests.population.registry import rule_ids
from tests.support.code_names import code_names
from tests.support.leads import not_understood
from tests.support.slack import types as slack_types
from tests.support.slack.clocks import LOOSE_LEAD, clocks_in, words_in
from tests.support.slack.headlines import faults_of
from tests.support.slack.views import view_violations

PINGS = re.compile(r"<(?!!date\^)[!@#]")
# So many letters of a message's first words and of its notification are compared.
BEGIN = 20
SHAPES = "rendered_shapes"
RULES = rule_ids()
RESULT = pytest.StashKey[str]()

_shapes: set[tuple[str, str]] = set()
_problems: list[str] = []
# What is wrong with words: of a test that draws its texts at random they are not ours.
_wordings: list[str] = []
# Of each message its notification, what its first block says, and all words of its screen.
_headlines: list[tuple[str, str, tuple[str, ...]]] = []
# Tests of how a text is laid out make up texts that no rule says.
MADE_UP: tuple[str, ...] = (
    "tests/scenarios/test_hostile_text.py::test_a_megabyte_is_cut",
    "tests/scenarios/test_slack_types.py::test_any_message_and_view_is_of_slacks_types",
    "tests/scenarios/test_typed_doors.py",
    "tests/scenarios/test_typed_text.py",
)


def _message(message: Mapping[str, Any], mention: str = "") -> None:
    """Judge a message; `mention` is whom it may wake, as the route that sent it says."""
    blocks, text = list(message["blocks"]), str(message["text"])
    found = violations(blocks, text)
    if size(blocks) > MAX_JSON_CHARS:
        found.append(f"{size(blocks)} characters of blocks")
    if LOOSE_LEAD.search(text):
        _wordings.append(f"a time was left out of half a phrase: {text[:200]!r}")
    _wordings.extend(_dead_buttons(blocks))
    _judge(found, [blocks, text], mention)
    _shapes.update(slack_types.block_shapes(blocks))


def _headed(message: Mapping[str, Any], mention: str = "", *, is_reply: bool = False) -> None:
    """Take down a message's headline, and what its first block says; a reply's may say when."""
    _message(message, mention)
    text, blocks = str(message["text"]), message["blocks"]
    first = text if is_reply or not blocks else _first_words(blocks[0])
    _headlines.append((text, first, tuple(words_in(list(_screen(blocks))))))


def _first_words(block: Mapping[str, Any]) -> str:
    """Return what the first block says, whatever it is."""
    told = block.get("text")
    return str(told["text"]) if isinstance(told, Mapping) else " ".join(words_in(block))


def _dead_buttons(blocks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each button or menu whose command the bot does not understand."""
    for block in blocks:
        elements = block["elements"] if block.get("type") == "actions" else ()
        for one in elements:
            for value in (one.get("value"), *(o["value"] for o in one.get("options", ()))):
                if str(value).startswith("/") and (wrong := not_understood(str(value))):
                    yield f"a button runs {str(value)[:80]}, which is not understood: {wrong}"


def _screen(blocks: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Yield what a reader sees before opening anything, without small print and code blocks."""
    for block in blocks:
        if block["type"] == "rich_text":
            yield [one for one in block["elements"] if one["type"] != "rich_text_preformatted"]
        elif block["type"] == "actions":
            yield [one["text"] for one in block["elements"] if "text" in one]
        elif block["type"] not in (CONTAINER, "context"):
            yield block


def _faults_of(text: str, first: str, screen: Iterable[str]) -> Iterator[str]:
    yield from faults_of(text, RULES)
    for told in screen:
        if names := code_names(told):
            yield f"the screen says {', '.join(names)}: {told!r}"
    if _letters(first)[:BEGIN] != _letters(text)[:BEGIN]:
        yield f"it begins with {first!r}, its notification says {text!r}"


def _letters(shown: str) -> str:
    """Return the letters and digits of a text, without times and mentions."""
    told = html.unescape(re.sub(r"<[^<>]*>", "", shown)).replace("ˋ", "`")
    return "".join(re.findall(r"[^\W_]+", told))


def _view(view: Mapping[str, Any]) -> None:
    if view["type"] == "home":
        told = words_in(list(_screen(view["blocks"])))
        _wordings.extend(f"the home says {n}: {one!r}" for one in told if (n := code_names(one)))
    _judge(view_violations(view), view)
    _shapes.update(slack_types.view_shapes(view))


def _judge(found: list[str], shown: Any, mention: str = "") -> None:
    text = json.dumps(shown, ensure_ascii=False)
    clocks = (f"a time of day in a zone of ours: {one[:200]!r}" for one in clocks_in(shown))
    _wordings.extend(clocks)
    if PINGS.search(text.replace(mention, "") if mention else text):
        found.append("it notifies somebody")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found.append(f"it is no UTF-8: {error}")
    _problems.extend(found)


def _watched(call: Callable[..., Any], judge: Callable[[Any], None]) -> Callable[..., Any]:
    @wraps(call)
    def watched(*given: Any, **named: Any) -> Any:
        made = call(*given, **named)
        judge(made)
        return made

    return watched


def _watched_alert(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def watched(message: Any, *given: Any, **named: Any) -> Any:
        made = call(message, *given, **named)
        _headed(made, message.mention, is_reply=not message.is_parent)
        return made

    return watched


def _watch() -> None:
    BlockKit.report = _watched(BlockKit.report, _headed)  # type: ignore[method-assign]
    for name in ("error", "working", "shared"):
        setattr(BlockKit, name, _watched(getattr(BlockKit, name), _message))
    BlockKit.form = _watched(BlockKit.form, _view)  # type: ignore[method-assign]
    fit = views.fit
    views.fit = _watched(fit, _view)
    sheet = BlockKit.sheet
    BlockKit.sheet = _watched(sheet, lambda view: _view(fit(view)))  # type: ignore[method-assign]
    blocks_alert.render = _watched_alert(blocks_alert.render)


_watch()


def _draws_texts(item: pytest.Item) -> bool:
    """Say whether a test makes its texts at random: what they say is no headline."""
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test that rendered something wrong."""
    before, headed, worded = len(_problems), len(_headlines), len(_wordings)
    answer = yield
    if not (item.nodeid.startswith(MADE_UP) or _draws_texts(item)):
        _problems.extend(_wordings[worded:])
        told = dict.fromkeys(_headlines[headed:])
        _problems.extend(fault for one in told for fault in _faults_of(*one))
    if found := _problems[before:]:
        pytest.fail(f"rendered what Slack refuses: {'; '.join(found[:5])}", pytrace=False)
    return answer


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker gathered."""
    output = getattr(node, "workeroutput", {})
    _shapes.update((kind, text) for kind, text in output.get(SHAPES, ()))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was gathered to the main process, or have the compiler judge it there."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput[SHAPES] = sorted(_shapes)
        return
    if not _shapes:
        return
    if not slack_types.TSC.exists():
        told = "not checked against Slack's types: run npm ci in bot/demo/page"
        failed = slack_types.wanted()
    else:
        told = slack_types.complaints(_shapes)
        failed = bool(told)
    config.stash[RESULT] = told or f"{len(_shapes)} shapes are of Slack's types"
    if failed and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what the compiler said."""
    if told := config.stash.get(RESULT, ""):
        terminalreporter.section("rendered Slack messages")
        terminalreporter.line(told[-6_000:])
