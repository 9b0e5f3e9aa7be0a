"""Says what of a question was understood where it could not be answered whole; pure."""

from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.several import is_a_batch
from bot.requests.questions.words.asked_time import AskedTime
from bot.requests.questions.words.text import Kind
from bot.requests.questions.words.vocabulary import ELSEWHERE, Topic
from bot.text.redaction import echoed_id

MOST_NAMED = 5
SUBJECTS = {
    Topic.QUEUE: "the queue",
    Topic.ALERTS: "alerts",
    Topic.RUNNER: "runners",
    Topic.CHANGES: "changes",
    Topic.LOGS: "logs",
}


def understood(asked: PlainQuestion) -> str:
    """Return the ids, the codes, the subject and the time that a question names; "" for none."""
    ids = [one for one in asked.ids if one.kind is not Kind.TOO_SHORT][:MOST_NAMED]
    batches = [echoed_id(one.word) for one in ids if is_a_batch(one)]
    others = [echoed_id(one.word) for one in ids if not is_a_batch(one)]
    folds = dict.fromkeys(word.casefold() for word in asked.words)
    parts = (
        f"{'batch' if len(batches) == 1 else 'batches'} {_listed(batches)}" if batches else "",
        _listed(others),
        f"HTTP {_listed(list(asked.codes))}" if asked.codes else "",
        *(said for topic, said in SUBJECTS.items() if asked.about(topic)),
        *(word for word in folds if word in ELSEWHERE),
        _time(asked.time),
    )
    return _listed([part for part in parts if part], ", ")


def _time(time: AskedTime) -> str:
    if not time.since:
        return ""
    return f"at {time.since}" if time.is_moment else f"since {time.since}"


def _listed(words: list[str], last: str = " and ") -> str:
    return last.join(filter(None, (", ".join(words[:-1]), *words[-1:])))
