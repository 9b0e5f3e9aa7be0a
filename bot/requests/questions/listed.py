"""Reads a question about several batches: which of them, how many, and since when; pure."""

import re
from datetime import datetime

from bot.requests.questions.question import STUCK_FAST, PlainQuestion
from bot.requests.questions.reading import Reading, unread_as
from bot.requests.questions.words.counts import (
    COUNT_WORDS,
    as_number,
    count_in,
    names_several,
)
from bot.requests.questions.words.vocabulary import Topic, known_word, topic_of, words_in

MOST = 50
STUCK = words_in(
    "stuck stalled hang hanging hangs frozen froze jammed fastnat hänger stannat stannade"
)
FAULTY = words_in(
    "wrong fail fails failed failing failure broken die died dies dead crash crashed error errors "
    "borked busted trasig trasigt trasiga sönder snett fel misslyckats misslyckades kraschat "
    "kraschade broke felat felar felade failade failat faulty borkat sprack"
)
RUNNING = words_in("running active ongoing igång körs")
OPEN = re.compile(
    r"\b(?:still (?:waiting|running|open|going|pending|in progress|under way)|unfinished|in flight"
    r"|under way|pending|batch\w* (?:som )?(?:är |are |is )?(?:körs?|open|öppna)"
    r"|(?:open|öppna) batch\w*|väntar|pågår|ofärdiga"
    r"|not (?:yet )?(?:done|finished|ready|complete|ended)"
    r"|inte (?:(?:är|blivit) )?(?:klara?|färdiga?))\b"
)
# Of comparisons no list is made.
_HOW_MANY = re.compile(
    r"\b(?:how many|hur många) (?:\w+ )?(?:comparisons?|pairs?|jämförelser(?:na)?|par)\b"
)
_NEWEST_ONE = re.compile(
    r"\b(?:last|latest|newest|most recent|senaste|sista|nyaste) (?:\w+ )?"
    r"(?:batch|run|körning)(?:en)?\b"
)
_WITHOUT_ANSWERS = re.compile(
    r"\b(?:without|no|lack(?:s|ing)?|utan|saknar|inga) (?:a |any |some |några )?"
    r"(?:answers?|callbacks?|svar)\b"
)
_FLAWED = re.compile(
    r"\b(?:without|no|lack(?:s|ing)?|utan|saknar|inga|inget) (?:a |any |några )?"
    r"(?:grades?|results?|scores?|rankings?|betyg|resultat|poäng)\b"
    r"|\b(?:too early|too soon|prematurely|för tidigt|i förtid)\b"
)
LOST = words_in(
    "lose lost losing missing drop dropped tappade tappat förlorade förlorat saknas rejected "
    "refused discarded avvisades avvisade nekades försvann försvunnit vanished disappeared"
)
# What is said of the whole as well: without a time the open alerts answer it.
_OF_ALL = re.compile(r"\b(?:anything|något|everything|allt|what(?: is|'?s) wrong|vad är fel)\b")
_ANSWERS = words_in("callback callbacks answer answers result results svar svaren återanrop")
_ASKING = words_in(
    "did have has any anything everything anyone någon har något några tappade förlorade is are "
    "was were är vilken vilket vilka batches gone going"
)
_CAUSED = words_in(
    "first last most worst oldest newest först sist mest värst äldst äldsta how many hur många "
    "half halv halvtimmen an en couple few quarter kvarten because due på grund av pga http code "
    "codes kod felkod felkoder with med"
)
_PLAIN = words_in(
    "finns finnas allt everything nothing inget ingenting ge find hitta här here "
    "hit hits affected drabbades drabbats"
)
_KNOWN = _CAUSED | _ASKING | _ANSWERS | LOST | FAULTY | RUNNING | _PLAIN
_NUMBER = re.compile(r"\d{1,6}")


def listed(asked: PlainQuestion, local: datetime) -> Reading | None:
    """Return the list that a question without ids asks for; None where it asks for none."""
    fold = asked.text.casefold()
    if _HOW_MANY.search(fold) and not names_several(fold):
        return None
    count, choice = count_in(fold), _choice(asked)
    if choice and not count and _NEWEST_ONE.search(fold):
        count = "1"
    since = asked.time.since
    if not count and not (choice and _asks(asked)):
        return None
    if choice == "faulty" and not since and _OF_ALL.search(fold):
        return None
    if asked.time.is_odd:
        return unread_as("since when")
    # Whoever says that it is batches may say more of them than is known here.
    if unknown_words(asked) and (count or not (names_several(fold) or asked.about(Topic.BATCH))):
        return unread_as("which batches are meant")
    number = str(as_number(count)) if count else ""
    if number and not 1 <= int(number) <= MOST:
        return unread_as(f"more than {MOST} batches at once", (f"/batch list {MOST}",))
    words = ("/batch list", choice, number, asked.time.window(local))
    return Reading(" ".join(filter(None, words)))


def _choice(asked: PlainQuestion) -> str:
    words = {known_word(fold) or fold for fold in _folds(asked)}
    fold = asked.text.casefold()
    if (words & LOST and words & _ANSWERS) or _WITHOUT_ANSWERS.search(fold):
        return "unanswered"
    if words & STUCK or STUCK_FAST.search(fold):
        return "stuck"
    if words & FAULTY or _FLAWED.search(fold):
        return "faulty"
    return "open" if OPEN.search(fold) or (words & RUNNING and names_several(fold)) else ""


def unknown_words(asked: PlainQuestion) -> set[str]:
    """Return the words of a question about several batches that narrow it by nothing known."""
    return {word for word in _told(asked) if not _is_known(word)}


def _told(asked: PlainQuestion) -> set[str]:
    """Return the words that have to be known: not those by which the list was chosen."""
    fold = asked.text.casefold()
    chosen = (shape.search(fold) for shape in (OPEN, _FLAWED, STUCK_FAST, _WITHOUT_ANSWERS))
    return _folds(asked) - {word for one in chosen if one for word in one[0].split()}


def _asks(asked: PlainQuestion) -> bool:
    return asked.about(Topic.LIST) or bool(
        _ASKING & _folds(asked) or (asked.time.since and not asked.codes)
    )


def _is_known(fold: str) -> bool:
    in_sets = fold in COUNT_WORDS or fold in _KNOWN
    return in_sets or topic_of(fold) is not None or _NUMBER.fullmatch(fold) is not None


def _folds(asked: PlainQuestion) -> set[str]:
    return {word.casefold() for word in asked.words}
