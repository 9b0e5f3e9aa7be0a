"""Typed errors; each is raised at the edge that knows and translated once for the reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.words import Text


class BatchbotError(Exception):
    """Base of every error that a user may read: a sentence, and what to do about it.

    `replaces` is the ts of the public message in whose place it is said, if there is one.
    """

    def __init__(self, message: Text, *, hint: str = "") -> None:
        super().__init__(str(message))
        self.message = message
        self.hint = hint
        self.replaces = ""


@dataclass(frozen=True, slots=True)
class Misspelling:
    """A word as it was typed, and what it most likely meant."""

    typed: str
    meant: str


class UsageError(BatchbotError):
    """The words of a command are off; carries the usage lines to show.

    `misspelling` is the word that is off where another is near; `offers` are commands that can be
    run instead.
    """

    message: str

    def __init__(
        self,
        message: str,
        *,
        usage: Sequence[str] = (),
        hint: str = "",
        misspelling: Misspelling | None = None,
        offers: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.usage = tuple(usage)
        self.misspelling = misspelling
        self.offers = tuple(offers)


@dataclass(frozen=True, slots=True)
class Blank:
    """A word that a command still lacks: what it is called, and what could fill it in.

    `kind` is batch, alert, runner or service, of which there may be recent ones to choose from,
    or text.
    """

    label: str
    kind: str = "text"


class UnreadError(UsageError):
    """A plain question that could not be read, with three commands that are offered instead."""

    def __init__(
        self, message: str, *, offers: Sequence[str], hint: str = "", usage: Sequence[str] = ()
    ) -> None:
        super().__init__(message, usage=usage, hint=hint, offers=offers)


class LackingError(UsageError):
    """A command lacks words: `blanks`, in the order in which they follow what was typed.

    `verb` is what was asked for, as far as it was said.
    """

    def __init__(
        self,
        message: str,
        *,
        blanks: Sequence[Blank],
        usage: Sequence[str] = (),
        hint: str = "",
        verb: str = "",
    ) -> None:
        super().__init__(message, usage=usage, hint=hint)
        self.blanks = tuple(blanks)
        self.verb = verb


class FormError(BatchbotError):
    """A form was filled in wrongly; `problems` says what, by the id of the block."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


class NotFoundError(BatchbotError):
    """Every needed source was read and nothing lives under that id."""


class DeniedError(BatchbotError):
    """The asker may not do this here; the message says who may."""


class SettingsError(BatchbotError):
    """A setting is missing or malformed; the message names it and shows a valid value."""


class AwayError(BatchbotError):
    """What the bot cannot start without is away; `retry_after` seconds is what it asks to wait."""

    def __init__(self, message: str, *, hint: str = "", retry_after: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class SourceError(BatchbotError):
    """A source could not be read.

    `source` is the source's name, `permanent` says that trying again cannot help
    (wrong password, missing table), `timed_out` that the deadline passed.
    """

    message: str

    def __init__(
        self,
        source: str,
        message: str,
        *,
        hint: str = "",
        permanent: bool = False,
        timed_out: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.source = source
        self.permanent = permanent
        self.timed_out = timed_out


class OutdatedError(SourceError):
    """The bot's own tables are not there yet or an older version's, and are not to be changed."""


class PostFailure(StrEnum):
    """Why Slack did not take a message, by what can be done about it.

    `limited`: wait as long as it says; `unavailable`: surely not delivered, try again;
    `ambiguous`: may have been delivered, look first; `message_gone`: the parent message or the
    thread was deleted; `channel`: the channel is archived, unknown or not joined; `rights`: token
    or scope; `payload`: our message was refused, say it in plain text; `refused`: surely not
    delivered, for a reason of this message or unknown to us; `unsure`:
    what was posted since cannot all be read.
    """

    LIMITED = "limited"
    UNAVAILABLE = "unavailable"
    AMBIGUOUS = "ambiguous"
    MESSAGE_GONE = "message_gone"
    CHANNEL = "channel"
    RIGHTS = "rights"
    PAYLOAD = "payload"
    REFUSED = "refused"
    UNSURE = "unsure"


class PostError(BatchbotError):
    """A message could not be posted; `failure` says what kind, `retry_after` seconds to wait.

    `notes` are Slack's own words on what it refused, such as the place of a wrong block.
    """

    message: str

    def __init__(
        self,
        failure: PostFailure,
        message: str,
        *,
        retry_after: float = 0.0,
        hint: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.failure = failure
        self.retry_after = retry_after
        self.notes = tuple(notes)
