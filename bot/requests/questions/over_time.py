"""Reads questions of how batches did, and what changed, over a time: since when, by what; pure."""

import re
from datetime import datetime, timedelta

from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.reading import Reading

# How batches did over a time, which is no question about one of them.
_TRENDS = re.compile(
    r"\b(?:how many|how (?:did|do|are|have|were) (?:the |our )?(?:batches|we|things)"
    r"|(?:success|failure|error) rates?|hur många"
    r"|hur (?:gick|går|har) (?:det(?: gått)?|batch\w*))\b"
)
_TREND = re.compile(r"\btrend(?:s|er|en)?\b")
_TRENDS_FROM = timedelta(days=2)
_BY = re.compile(r"\b(?:by|per) (model|mode|provider)\w*\b|\bper (läge|leverantör)\b")
_BY_WORD = {"läge": "mode", "leverantör": "provider"}
_NEWEST = re.compile(r"\b(?:newest|latest|most recent|last|senaste|nyaste) (?:batch(?:en)?|run)\b")


def over_time(asked: PlainQuestion, local: datetime) -> Reading | None:
    """Return how batches did over a time of days, or the newest batch; None for neither."""
    fold = asked.text.casefold()
    begin = asked.time.begin
    is_long = begin is not None and local - begin >= _TRENDS_FROM and not asked.codes
    if _TREND.search(fold) or _BY.search(fold) or (_TRENDS.search(fold) and is_long):
        return Reading(_trends_line(asked, local))
    if _NEWEST.search(fold):
        return Reading("/batch list 1")
    return None


def list_line(asked: PlainQuestion, local: datetime) -> str:
    """Return the command for the newest batches, in the time that a question says."""
    return f"/batch list {asked.time.window(local)}".rstrip()


def changes_line(asked: PlainQuestion, local: datetime) -> str:
    """Return the command for what changed, in the time that the question says."""
    return " ".join(filter(None, ("/changes", asked.time.since, asked.time.end_of(local))))


def _trends_line(asked: PlainQuestion, local: datetime) -> str:
    """Return the command for how batches did, as far back as the question says."""
    by = _BY.search(asked.text.casefold())
    way = f" --by {by[1] or _BY_WORD[by[2]]}" if by else ""
    return f"/batch trends {asked.time.window(local) or '--since 7d'}{way}"
