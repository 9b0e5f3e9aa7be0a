"""Modals and App Home: trigger ids, the stack of open modals, and the views.* methods.

Rules and error names: https://docs.slack.dev/reference/methods/views.open (and update, push,
publish), https://docs.slack.dev/surfaces/modals
"""

import copy
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from bot.demo.workspace.state.feed import Feed
from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.space import APP, BOT_ID, TEAM, USERS, Faults
from bot.demo.workspace.validation.messages import check_view, elements_of

TRIGGER_SECONDS = 3.0
STACK = 3
VIEW_BYTES = 250_000

View = dict[str, Any]


@dataclass(slots=True)
class Trigger:
    """One right to open or push a modal: whose, since when, and whether it was used."""

    user: str
    made_at: float
    used: bool = False


class Views:
    """Every open modal and every published home of the workspace, by user."""

    def __init__(
        self,
        feed: Feed,
        faults: Callable[[], Faults],
        files: Callable[[str], bool] = lambda _: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._faults = faults
        self._files = files
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._stacks: dict[str, list[View]] = {user: [] for user in USERS.values()}
        self._homes: dict[str, View] = {}

    def trigger(self, user: str) -> str:
        """Return a trigger_id: good once, for three seconds."""
        id = f"{int(time.time() * 1000)}.{len(self._triggers)}.{uuid4().hex}"
        self._triggers[id] = Trigger(user, self._clock())
        return id

    def stack(self, user: str) -> list[View]:
        """Return a user's open modals, the one in front last."""
        return self._stacks[user]

    def home(self, user: str) -> View | None:
        """Return a user's published home."""
        return self._homes.get(user)

    def find(self, user: str, view_id: str) -> View | None:
        """Return one of a user's views by id."""
        shown = [*self._stacks[user], *([self._homes[user]] if user in self._homes else [])]
        return next((view for view in shown if view["id"] == view_id), None)

    def open(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """views.open: a modal for the trigger's user; it replaces an open one."""
        view = self._checked(values, "modal")
        user = self._exchange(values)
        self._stacks[user] = [view]
        return self._shown(user, view)

    def push(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """views.push: one more modal on top of the open ones."""
        view = self._checked(values, "modal")
        user = self._exchange(values)
        self.put(user, view)
        return self._shown(user, view)

    def update(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """views.update: other content for a view that is open or published."""
        user, old = self._wanted(values)
        given = values.get("hash")
        if given and given != old["hash"]:
            raise Refusal("hash_conflict")
        new = self._checked(values, old["type"])
        self.replace(user, old, new)
        return {"view": old}

    def publish(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """views.publish: a user's home, in full."""
        user = str(values.get("user_id") or "")
        if user not in self._stacks:
            raise Refusal("invalid_arguments", ["[ERROR] user_id is no user of this workspace"])
        view, old, given = self._checked(values, "home"), self._homes.get(user), values.get("hash")
        if old is not None and given and given != old["hash"]:
            raise Refusal("hash_conflict")
        if old is not None:
            view["id"] = view["root_view_id"] = old["id"]
        self._homes[user] = view
        self._feed.say("home", user=user)
        return {"view": view}

    def put(self, user: str, view: View) -> None:
        """Lay a modal on a user's stack. Raises Refusal when three lie there."""
        stack = self._stacks[user]
        if len(stack) >= STACK:
            raise Refusal("push_limit_reached")
        if stack:
            view |= {"root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
        stack.append(view)
        self._feed.say("views", user=user)

    def replace(self, user: str, old: View, new: View) -> None:
        """Give a view other content; it stays where it lies and keeps its id."""
        kept = {key: old[key] for key in ("id", "root_view_id", "previous_view_id")}
        old.clear()
        old.update(new | kept)
        self._feed.say("home" if old["type"] == "home" else "views", user=user)

    def close(self, user: str, view: View, *, every: bool = False) -> None:
        """Take a modal off the stack, and with `every` all of them."""
        self._stacks[user] = [] if every else [one for one in self._stacks[user] if one != view]
        self._feed.say("views", user=user)

    def made(self, view: Any, kind: str = "modal") -> View:
        """Return a view as Slack keeps it: checked, with ids. Raises Refusal."""
        check_view(view, kind, refused=self._faults().refuse_blocks, knows_file=self._files)
        if len(json.dumps(view).encode()) > VIEW_BYTES:
            raise Refusal("view_too_large")
        external = view.get("external_id")
        if external and any(external == one["external_id"] for _, one in self._all()):
            raise Refusal("duplicate_external_id")
        id = f"V{uuid4().hex[:10].upper()}"
        return {
            "id": id, "team_id": TEAM, "type": kind, "title": None, "submit": None, "close": None,
            "private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False,
            "notify_on_close": False, "previous_view_id": None, "root_view_id": id,
            "app_id": APP, "bot_id": BOT_ID, "app_installed_team_id": TEAM,
            **view,
            "blocks": with_ids(view["blocks"]), "state": {"values": {}},
            "hash": f"{int(time.time())}.{uuid4().hex[:8]}",
        }  # fmt: skip

    def _checked(self, values: Mapping[str, Any], kind: str) -> View:
        return self.made(values.get("view"), kind)

    def _exchange(self, values: Mapping[str, Any]) -> str:
        trigger = self._triggers.get(str(values.get("trigger_id") or ""))
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        if self._clock() - trigger.made_at > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def _wanted(self, values: Mapping[str, Any]) -> tuple[str, View]:
        id, external = values.get("view_id"), values.get("external_id")
        for user, view in self._all():
            if (id and view["id"] == id) or (external and view["external_id"] == external):
                return user, view
        raise Refusal("not_found")

    def _shown(self, user: str, view: View) -> dict[str, Any]:
        self._feed.say("views", user=user)
        return {"view": view}

    def _all(self) -> Iterator[tuple[str, View]]:
        for user, stack in self._stacks.items():
            yield from ((user, view) for view in stack)
        yield from self._homes.items()


def with_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return blocks with the block and action ids that Slack makes up where none are given."""
    made = copy.deepcopy(blocks)
    for block in made:
        block.setdefault("block_id", uuid4().hex[:5])
        for element in elements_of(block):
            element.setdefault("action_id", uuid4().hex[:5])
    return made
