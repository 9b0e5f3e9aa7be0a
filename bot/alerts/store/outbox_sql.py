"""The SQL of the outbox, from which messages are posted; values are always parameters."""

ADD_PARENT = """
WITH next AS (SELECT nextval(pg_get_serial_sequence('outbox', 'id')) AS id),
     head AS (INSERT INTO outbox (id, thread, environment, key, kind, body, next_try, created_at)
              SELECT id, id, $1, $2, 'head', $3, $4, $4 FROM next RETURNING id)
UPDATE alert SET thread = (SELECT id FROM head), channel = '', thread_ts = '' WHERE key = $2
"""


ADD_REPLY = """
INSERT INTO outbox (environment, key, thread, kind, body, next_try, created_at)
VALUES ($1, $2, $3, 'reply', $4, $5, $5)
"""


# A parent message that was not tried yet simply shows the newest state when it is posted.
REFRESH_PARENT = """
UPDATE outbox SET body = $2
WHERE id = $1 AND state = 'ready' AND attempts = 0 AND NOT look_first RETURNING id
"""


REFRESH_EDIT = """
UPDATE outbox SET body = $2, next_try = least(next_try, $3)
WHERE thread = $1 AND kind = 'edit' AND state = 'ready' RETURNING id
"""


ADD_EDIT = """
INSERT INTO outbox (environment, key, thread, kind, body, next_try, created_at)
VALUES ($1, $2, $3, 'edit', $4, $5, $6)
"""


# What is due first goes first, so that what is refused again and again makes way for the rest; a
# thread's replies go one after the other, edits at last. Nothing goes to a paused channel ($5).
# A row still `sending` after its lease belonged to a poster that died: whether its post arrived
# must be looked up. What is due later than anything may be ($6) is due: the clock was set back.
# What people did meanwhile (`present`) is shown as it is when the message is sent, not as it was
# when the message was written. An edit that a newer one of its thread followed is of no use any
# more; the newer one waits while the older may still be on its way, lest it arrive last.
CLAIM = """
WITH stale AS (
    UPDATE outbox s SET state = 'dropped', lease_until = NULL
    WHERE s.environment = $4 AND s.state IN ('ready', 'sending') AND s.kind = 'edit'
      AND (s.state = 'ready'
           OR s.state = 'sending' AND (s.lease_until <= $1 OR s.lease_until > $6))
      AND EXISTS (SELECT 1 FROM outbox n
                  WHERE n.thread = s.thread AND n.kind = 'edit' AND n.id > s.id))
UPDATE outbox SET state = 'sending', owner = $2, lease_until = $3, attempts = attempts + 1,
                  look_first = look_first OR state = 'sending'
WHERE id = (
    SELECT o.id FROM outbox o JOIN outbox h ON h.id = o.thread
    CROSS JOIN LATERAL (
        SELECT CASE o.state WHEN 'ready' THEN o.next_try ELSE o.lease_until END AS at) due
    WHERE o.environment = $4 AND o.state IN ('ready', 'sending')
      AND (due.at <= $1 OR due.at > $6)
      AND (o.kind = 'head' OR h.state = 'sent') AND h.channel <> ALL($5::text[])
      AND (o.kind <> 'reply' OR NOT EXISTS (
          SELECT 1 FROM outbox e WHERE e.thread = o.thread AND e.id < o.id AND e.kind = 'reply'
            AND e.state IN ('ready', 'sending')))
      AND (o.kind <> 'edit' OR NOT EXISTS (
          SELECT 1 FROM outbox e WHERE e.thread = o.thread AND e.kind = 'edit' AND (e.id > o.id
            OR e.id < o.id AND e.state = 'sending' AND e.lease_until > $1 AND e.lease_until <= $6)))
    ORDER BY o.kind = 'edit', least(o.next_try, $1), o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED)
RETURNING id, thread, kind, token, body, attempts, created_at, look_first, plain,
    (SELECT h.channel FROM outbox h WHERE h.id = outbox.thread) AS parent_channel,
    (SELECT h.ts FROM outbox h WHERE h.id = outbox.thread) AS parent_ts,
    (SELECT jsonb_build_object('number', a.number, 'acknowledged_by', a.acknowledged_by,
                               'acknowledged_at', a.acknowledged_at)
     FROM alert a WHERE a.key = outbox.key AND a.thread = outbox.thread) AS present
"""


MARK_SENT = """
UPDATE outbox SET state = 'sent', sent_at = $3, channel = $4, ts = $5, lease_until = NULL,
                  problem = ''
WHERE id = $1 AND owner = $2 AND state = 'sending' RETURNING id
"""


PLACE_ALERT = "UPDATE alert SET channel = $2, thread_ts = $3 WHERE thread = $1"


RELEASE = """
UPDATE outbox SET state = 'ready', next_try = coalesce($3, next_try), look_first = $4, plain = $5,
                  problem = $6, lease_until = NULL
WHERE id = $1 AND owner = $2 AND state = 'sending' RETURNING id
"""


RENEW_PARENT = """
UPDATE outbox h SET state = 'ready', token = gen_random_uuid(), attempts = 0, next_try = $2,
       look_first = false, ts = '', channel = '', owner = '', lease_until = NULL,
       body = jsonb_set(h.body, '{alert}', coalesce(
           (SELECT a.body FROM alert a WHERE a.thread = h.id),
           (SELECT e.body -> 'alert' FROM outbox e WHERE e.thread = h.id AND e.kind = 'edit'
            ORDER BY e.id DESC LIMIT 1),
           h.body -> 'alert'))
WHERE h.id = $1 AND h.state = 'sent'
"""


FORGET_PLACE = "UPDATE alert SET channel = '', thread_ts = '' WHERE thread = $1"


# A parent message that is posted again shows what is known; an edit written before would undo that.
DROP_EDITS = """
UPDATE outbox SET state = 'dropped', lease_until = NULL
WHERE thread = $1 AND kind = 'edit' AND state IN ('ready', 'sending')
"""


OUTBOX_HEALTH = """
SELECT count(*) AS depth, min(created_at) AS oldest, max(attempts) AS attempts,
       coalesce(max(problem), '') AS problem,
       min(created_at) FILTER (WHERE attempts > 0) AS refused_since
FROM outbox WHERE environment = $1 AND state IN ('ready', 'sending')
"""


# A thread of which something still waits to be said is kept, for that is posted where its
# parent message is; an alert whose parent message was pruned has no thread.
PRUNE_OUTBOX = """
WITH gone AS (
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox o WHERE environment = $1 AND created_at < $2
          AND state NOT IN ('ready', 'sending')
          AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.thread = o.thread AND a.state <> 'resolved')
          AND NOT EXISTS (SELECT 1 FROM outbox w
                          WHERE w.thread = o.thread AND w.state IN ('ready', 'sending'))
        ORDER BY created_at LIMIT $3)
    RETURNING id)
UPDATE alert SET thread = NULL, channel = '', thread_ts = '' WHERE thread IN (SELECT id FROM gone)
"""
