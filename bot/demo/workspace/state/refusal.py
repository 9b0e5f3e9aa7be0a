"""Slack's way to say no."""

from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """A call that Slack refuses, by Slack's error name.

    `messages` goes into response_metadata, `extra` beside the error, `status` is the HTTP status
    (200 at Slack except for rate limits and outages), `headers` such as Retry-After.
    """

    def __init__(
        self,
        error: str,
        messages: Sequence[str] = (),
        *,
        extra: Mapping[str, Any] | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.messages = tuple(messages)
        self.extra = dict(extra or {})
        self.status = status
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        body: dict[str, Any] = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            body["errors"] = [message.removeprefix("[ERROR] ") for message in self.messages]
            body["response_metadata"] = {"messages": list(self.messages)}
        return body
