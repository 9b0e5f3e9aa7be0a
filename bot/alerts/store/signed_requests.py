"""Which requests of Slack over HTTP were taken by any replica, for as long as one is fresh."""

from datetime import datetime, timedelta

from bot.alerts.store.database import Database

# A request may be signed five minutes behind or ahead of the clock here.
KEPT = timedelta(minutes=15)
# Each request takes at most so many old ones away, so the table holds what KEPT brings.
AT_ONCE = 100
_TAKE = """
WITH old AS (
    SELECT signature FROM signed_request WHERE at < $3 LIMIT $4 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM signed_request USING old WHERE signed_request.signature = old.signature
)
INSERT INTO signed_request (signature, at) VALUES ($1, $2)
ON CONFLICT (signature) DO NOTHING RETURNING true
"""


class SignedRequests(Database):
    """What replicas behind one address tell each other of the requests that they took."""

    async def takes(self, signature: str, now: datetime) -> bool:
        """Say whether no replica took a request with this signature before, and remember it."""
        return bool(await self._value(_TAKE, signature, now, now - KEPT, AT_ONCE))
