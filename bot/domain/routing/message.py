"""What is said of an alert, with what its route adds."""

from dataclasses import dataclass

from bot.domain.alert import Alert, Reason
from bot.domain.words import Text


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What is to be said of an alert: the parent message, or one reply that says `reason`.

    `plain` asks for text alone: Slack refused the message's blocks. `is_worse` says that the alert
    became more severe. `mention` and `broadcast` (shown in the channel too) say whom it wakes, and
    `runbook` is an address; they are of the route that holds when the message is sent.
    """

    alert: Alert
    reason: Reason
    is_parent: bool
    note: Text = ""
    plain: bool = False
    is_worse: bool = False
    mention: str = ""
    broadcast: bool = False
    runbook: str = ""
