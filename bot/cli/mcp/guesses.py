"""Bounds how often an agent may ask whether a text that may be data stands in the logs."""

from collections import deque
from datetime import datetime, timedelta

from bot.cli.ask import Asked
from bot.diagnosis.logs import LogAsk
from bot.errors import UsageError
from bot.text.wording import many

# Of four digits that nobody may read all can be tried within minutes otherwise.
MOST, WITHIN = 20, timedelta(minutes=10)


class Guesses:
    """The times of late at which the logs were asked for a text that is not shown."""

    def __init__(self) -> None:
        self._times: deque[datetime] = deque(maxlen=MOST)

    def take(self, asked: Asked, now: datetime) -> None:
        """Count a question, if it is one of these. Raises UsageError for one too many."""
        request = asked.request
        if request.command != "logs" or not LogAsk(request.words[-1]).is_private:
            return
        if len(self._times) == MOST and now - self._times[0] < WITHIN:
            minutes = (self._times[0] + WITHIN - now) // timedelta(minutes=1) + 1
            raise UsageError(
                f"{MOST} texts that may be data were looked for within {WITHIN.seconds // 60} "
                f"minutes: no more for {many(minutes, 'minute')}.",
                hint="Look for an id, or for words that services write.",
            )
        self._times.append(now)
