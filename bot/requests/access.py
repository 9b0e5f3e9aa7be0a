"""Who may ask, where, and who may change things; decided on Slack ids, never on names."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.errors import DeniedError
from bot.ports import Asker, Place

EVERYBODY = "*"


@dataclass(slots=True)
class Access:
    """Allow-lists of Slack ids; an empty list allows no one, `*` everyone.

    Incident channels and the alert channel are allowed channels, operators are allowed users.
    `names` says ids in words, for the sentence that refuses. `teams` are the workspaces whose
    people may ask: the bot's own, and those that were listed.
    """

    users: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    incident_channels: frozenset[str] = frozenset()
    alert_channel: str = ""
    names: dict[str, str] = field(default_factory=dict)
    routed_channels: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()

    def learn(self, found: "Access") -> None:
        """Add ids whose names could not be looked up before."""
        self.users |= found.users
        self.operators |= found.operators
        self.channels |= found.channels
        self.incident_channels |= found.incident_channels
        self.alert_channel = self.alert_channel or found.alert_channel
        self.names.update(found.names)

    def renew(self, found: "Access") -> None:
        """Take over lists that were read again; the alert channel stays the one that was found."""
        self.users = found.users
        self.operators = found.operators
        self.channels = found.channels
        self.incident_channels = found.incident_channels
        self.alert_channel = self.alert_channel or found.alert_channel
        self.names.update(found.names)

    def admit(self, place: Place) -> Asker:
        """Return who asks, with their rights. Raises DeniedError with a sentence that helps.

        The person is judged before the channel, so that only who may ask at all learns where.
        The App Home and direct messages are no channels: whoever may ask at all may ask there.
        """
        self.refuse_strangers(place)
        operator = _holds(self.operators, place.user)
        anywhere = place.home or place.is_direct
        if not anywhere and not _holds(self._all_channels(), place.channel):
            raise DeniedError(
                f"I do not answer in this channel. {self._where()}",
                hint="An operator can add it to SLACK_ALLOWED_CHANNELS.",
            )
        public = not place.home and self._is_public(place)
        return Asker(place.user, place.channel, operator, public, place.thread_ts)

    def refuse_strangers(self, place: Place) -> None:
        """Raise DeniedError for who may not ask at all, wherever that is.

        `*` is everybody of these workspaces: another company's people are no strangers only when
        their workspace is listed.
        """
        if EVERYBODY not in self.teams and place.teams - self.teams:
            raise DeniedError(
                "I do not answer people of other workspaces.",
                hint="An operator can add your workspace to SLACK_ALLOWED_TEAMS.",
            )
        if not (_holds(self.operators, place.user) or _holds(self.users, place.user)):
            raise DeniedError(
                "You are not on the list of people who may ask.",
                hint="An operator can add you to SLACK_ALLOWED_USERS.",
            )

    def called(self, place: Place) -> str:
        """Return what the asker is called, for others to read."""
        return self.names.get(place.user) or place.name

    def _all_channels(self) -> frozenset[str]:
        alert = {self.alert_channel} if self.alert_channel else set()
        return self.channels | self.incident_channels | self.routed_channels | alert

    def _is_public(self, place: Place) -> bool:
        """Answers are public in incident channels, and in the threads of the alert channel."""
        alert_channels = {self.alert_channel, *self.routed_channels}
        in_alert_thread = bool(place.thread_ts) and place.channel in alert_channels
        return in_alert_thread or _holds(self.incident_channels, place.channel)

    def _where(self) -> str:
        known = sorted(self.names[id] for id in self._all_channels() if id in self.names)
        return f"Ask in {_or(known)}." if known else "Ask in a channel I am set up for."


def _holds(ids: frozenset[str], id: str) -> bool:
    return EVERYBODY in ids or (bool(id) and id in ids)


def _or(words: Iterable[str]) -> str:
    *first, last = [f"#{word}" for word in words]
    return f"{', '.join(first)} or {last}" if first else last
