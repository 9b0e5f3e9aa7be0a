"""Fails each test in which something is sent that Slack shows to nobody; a plug-in.

An ephemeral message into a thread without replies is taken by Slack and shown to nobody
(https://docs.slack.dev/reference/methods/chat.postEphemeral), in the local workspace as in the
small Slack of the tests.
"""

from collections.abc import Callable, Generator
from functools import wraps
from typing import Any

import pytest

from bot.demo.workspace.state.space import Space
from tests.support.slack.web_api import SlackApi

# This one shows that the workspace hides it, and sends it by hand.
SENT_BY_HAND = (
    "tests/bot/demo/workspace/test_server.py::"
    "test_an_ephemeral_message_is_shown_in_a_thread_only_once_it_has_replies"
)

_unseen: list[str] = []


def _watched_space(post: Callable[..., str]) -> Callable[..., str]:
    @wraps(post)
    def watched(self: Space, channel: str, content: Any, **named: Any) -> str:
        before = len(self.hidden)
        ts = post(self, channel, content, **named)
        _unseen.extend(str(one.get("text")) for one in self.hidden[before:])
        return ts

    return watched


def _watched_api(say: Callable[..., None]) -> Callable[..., None]:
    @wraps(say)
    def watched(self: SlackApi, way: str, arguments: dict[str, Any]) -> None:
        say(self, way, arguments)
        alone = way == "chat.postEphemeral" or arguments.get("response_type") == "ephemeral"
        thread = str(arguments.get("thread_ts") or "")
        if alone and thread and thread not in self.busy_threads:
            _unseen.append(str(arguments.get("text")))

    return watched


Space.post = _watched_space(Space.post)  # type: ignore[method-assign]
SlackApi._say = _watched_api(SlackApi._say)  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test that sent what nobody sees."""
    before = len(_unseen)
    answer = yield
    if (found := _unseen[before:]) and item.nodeid != SENT_BY_HAND:
        pytest.fail(
            f"sent into a thread where Slack shows it to nobody: {found[:3]}", pytrace=False
        )
    return answer
