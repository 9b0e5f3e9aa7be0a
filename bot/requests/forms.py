"""Asks for the words that a command lacks: in a modal, or in words where Slack gave no trigger."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.errors import BatchbotError, FormError, LackingError, UsageError
from bot.ports import Asker, Choice, Form, Place
from bot.ports.action_ids import PICKED_BLOCK, TYPED_BLOCK
from bot.registry import SlashCommand
from bot.requests.admission import Admission, Incomplete
from bot.requests.carried import carried_back, carried_by
from bot.requests.command_text import read_line
from bot.requests.replies import Replies

CHOICE_SECONDS = 8.0
SHOWN_CHOICES = 5
PROBLEM_CHARS = 150


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form came back as: a whole line, and the place where its answer belongs."""

    place: Place
    typed: str


@dataclass(frozen=True, slots=True)
class Forms:
    """The modals of lines that lack words."""

    admission: Admission
    replies: Replies

    async def ask(self, incomplete: Incomplete) -> None:
        """Ask for what a line lacks.

        A trigger lives three seconds, so the modal opens before anything is read; what there is
        to choose from comes with an update.
        """
        place, typed, lack = incomplete.place, incomplete.typed, incomplete.lack
        carried = carried_by(place, typed, len(lack.blanks))
        form = Form(typed, lack.message, lack.blanks, carried, looking=True)
        view_id = ""
        if place.trigger_id and not place.view_id:
            view_id = await self.replies.views.open(place.trigger_id, self._view(form))
        elif place.view_id and await self.replies.views.update(place.view_id, self._view(form)):
            view_id = place.view_id
        choices = await self._choices(incomplete.command, place, lack)
        if view_id:
            whole = replace(form, choices=choices, looking=False)
            await self.replies.views.update(view_id, self._view(whole))
            return
        await self.replies.refuse(place, _in_words(typed, lack, choices))

    def filled(self, user: str, carried: str, values: Mapping[str, str]) -> Filled:
        """Return the line that a form makes; pure. Raises FormError with what is wrong.

        A yes to a dialog lacks no word.
        """
        place, typed, blanks = carried_back(user, carried)
        words, problems = [], {}
        for number in range(blanks):
            block = f"{TYPED_BLOCK}_{number}"
            word = values.get(block, "").strip() or values.get(f"{PICKED_BLOCK}_{number}", "")
            if not word:
                problems[block] = "Choose one, or type one here."
            words.append(word)
        if problems:
            raise FormError(problems)
        line = " ".join((typed, *words))
        try:
            read_line(line, self.admission.commands, self.admission.prefix).request()
        except UsageError as error:
            said = f"{error.message} {error.hint}".strip()[:PROBLEM_CHARS]
            raise FormError({f"{TYPED_BLOCK}_0": said}) from error
        return Filled(place, line)

    def _view(self, form: Form) -> Mapping[str, object]:
        return self.replies.renderer.form(form)

    async def _choices(
        self, command: SlashCommand, place: Place, lack: LackingError
    ) -> dict[str, tuple[Choice, ...]]:
        if command.choices is None:
            return {}
        context = self.admission.context(Asker(place.user, place.channel), CHOICE_SECONDS)
        found: dict[str, tuple[Choice, ...]] = {}
        for kind in dict.fromkeys(blank.kind for blank in lack.blanks):
            try:
                found[kind] = tuple(await command.choices(kind, context))
            except BatchbotError:
                found[kind] = ()
        return found


def _in_words(
    typed: str, lack: LackingError, choices: Mapping[str, tuple[Choice, ...]]
) -> UsageError:
    """Return what a modal would ask, with things that exist as examples."""
    known = [choices.get(blank.kind, ()) for blank in lack.blanks]
    hint = lack.hint
    if known and all(known):
        example = " ".join(some[min(n, len(some) - 1)].value for n, some in enumerate(known))
        newest = "; ".join(str(choice.label) for choice in known[0][:SHOWN_CHOICES])
        hint = f"For example `{typed} {example}`. There are: {newest}."
    return UsageError(lack.message, usage=lack.usage, hint=hint)
