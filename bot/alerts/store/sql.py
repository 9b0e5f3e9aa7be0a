"""The SQL of the bot's memory; values are always parameters."""

# Two questions, since each has an index of its own: a tick may not read years of what is over.
LOAD_ALERTS = """
SELECT body, number, channel, thread_ts, acknowledged_by, acknowledged_at FROM alert
WHERE environment = $1 AND state <> 'resolved'
UNION ALL
SELECT body, number, channel, thread_ts, acknowledged_by, acknowledged_at FROM alert
WHERE environment = $1 AND state = 'resolved' AND resolved_at > $2
"""

# What people and the poster write (acknowledgement, thread) is not the tick's to overwrite;
# only an incident that begins starts it afresh.
SAVE_ALERT = """
INSERT INTO alert AS a (key, environment, detector, subject, state, severity, title, body,
                        opened_at, changed_at, resolved_at, number)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
        (SELECT coalesce(max(number), 0) + 1 FROM alert WHERE environment = $2))
ON CONFLICT (key) DO UPDATE SET
    state = excluded.state, severity = excluded.severity, title = excluded.title,
    body = excluded.body, opened_at = excluded.opened_at, changed_at = excluded.changed_at,
    resolved_at = excluded.resolved_at,
    acknowledged_by = CASE WHEN $12 THEN '' ELSE a.acknowledged_by END,
    acknowledged_at = CASE WHEN $12 THEN NULL ELSE a.acknowledged_at END
RETURNING thread
"""

SAVE_EVENT = """
INSERT INTO alert_event (environment, key, at, reason, severity, title, note, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


LOAD_SAMPLES = """
SELECT at, data, unreadable FROM sample
WHERE environment = $1 AND detector = $2 AND at > $3 ORDER BY at
"""

ADD_SAMPLE = """
INSERT INTO sample (environment, detector, at, data, unreadable) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (environment, detector, at) DO UPDATE
SET data = excluded.data, unreadable = excluded.unreadable
"""

# What an alert of the last days was judged by ($5 is as far back as its verdict looks) is kept, so
# that it can be exported and judged again; of one that lasts also its opening, however long ago. A
# storm is spoken of when one of its members is.
PRUNE_SAMPLES = """
DELETE FROM sample s WHERE environment = $1 AND detector = $2 AND at < $3
  AND NOT EXISTS (
    SELECT 1 FROM alert_event e
    WHERE e.environment = $1 AND e.at > $4 AND e.at >= s.at AND e.at < s.at + $5::interval
      AND e.reason IN ('open', 'update', 'repeat', 'resolve')
      AND split_part(e.key, '/', 1) IN ($2, $6))
  AND NOT EXISTS (
    SELECT 1 FROM alert a
    WHERE a.environment = $1 AND a.state <> 'resolved'
      AND a.opened_at >= s.at AND a.opened_at < s.at + $5::interval
      AND a.detector IN ($2, $6))
"""
PRUNE_EVENTS = """
DELETE FROM alert_event WHERE id IN (
    SELECT id FROM alert_event WHERE environment = $1 AND at < $2 ORDER BY at LIMIT $3)
"""
# The newest number stays, lest it be given again: a button of an old message bears it.
PRUNE_ALERTS = """
DELETE FROM alert WHERE key IN (
    SELECT key FROM alert WHERE environment = $1 AND state = 'resolved' AND resolved_at < $2
      AND number < (SELECT max(number) FROM alert WHERE environment = $1)
    ORDER BY resolved_at LIMIT $3)
"""
# What helped is wanted when its alert comes again, so a note lives as long as the alert.
PRUNE_NOTES = """
DELETE FROM alert_note WHERE id IN (
    SELECT id FROM alert_note n WHERE environment = $1 AND at < $2
      AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.key = n.key)
    ORDER BY at LIMIT $3)
"""
PRUNE_MUTES = """
DELETE FROM mute WHERE id IN (
    SELECT id FROM mute WHERE environment = $1 AND coalesce(ended_at, until) < $2
    ORDER BY coalesce(ended_at, until) LIMIT $3)
"""
PRUNE_WATCHES = """
DELETE FROM batch_watch WHERE id IN (
    SELECT id FROM batch_watch WHERE environment = $1 AND ended_at < $2 ORDER BY ended_at LIMIT $3)
"""
# These belong to the database, which serves one environment ($1 is only named, for its type).
PRUNE_AUDIT = """
DELETE FROM audit WHERE id IN (
    SELECT id FROM audit WHERE $1::text IS NOT NULL AND at < $2 ORDER BY at LIMIT $3)
"""
PRUNE_ALIASES = """
DELETE FROM alias WHERE label IN (
    SELECT label FROM alias WHERE $1::text IS NOT NULL AND at < $2 ORDER BY at LIMIT $3)
"""
PRUNE_LABELS = """
DELETE FROM run_label WHERE (label, bos_batch_id) IN (
    SELECT label, bos_batch_id FROM run_label WHERE $1::text IS NOT NULL AND at < $2
    ORDER BY at LIMIT $3)
"""

PRUNE_CHANGES = """
DELETE FROM change WHERE id IN (
    SELECT id FROM change WHERE environment = $1 AND at < $2 ORDER BY at LIMIT $3)
"""

ADD_CHANGE = "INSERT INTO change (environment, at, body) VALUES ($1, $2, $3)"
CHANGES = """
SELECT body FROM change WHERE environment = $1 AND at BETWEEN $2 AND $3
ORDER BY at DESC, id DESC LIMIT $4
"""

SAVE_PROGRESS = """
INSERT INTO progress (environment, at, body) VALUES ($1, $2, $3)
ON CONFLICT (environment) DO UPDATE SET at = excluded.at, body = excluded.body
"""
LOAD_PROGRESS = "SELECT at, body FROM progress WHERE environment = $1"

LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
# Each replica keeps one session, with which it leads or would.
REPLICAS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = $1
"""
OTHER_ENVIRONMENT = """
SELECT environment FROM progress WHERE environment <> $1 ORDER BY at DESC LIMIT 1
"""

END_MUTE = """
UPDATE mute SET ended_at = $4, ended_by = $5
WHERE environment = $1 AND lower(pattern) = lower($2) AND ($3::text IS NULL OR kind = $3)
  AND ended_at IS NULL AND (until IS NULL OR until > $4)
RETURNING pattern
"""
ADD_MUTE = """
INSERT INTO mute (environment, pattern, until, reason, by, at, since, kind)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
MUTES = """
SELECT pattern, until, reason, by, since, kind FROM mute
WHERE environment = $1 AND ended_at IS NULL AND (until IS NULL OR until > $2) ORDER BY id
"""

ACKNOWLEDGE = """
UPDATE alert SET acknowledged_by = $2, acknowledged_at = $3
WHERE key = $1 AND environment = $4 AND state <> 'resolved' AND acknowledged_by = ''
RETURNING body, number, thread, channel, thread_ts, acknowledged_by, acknowledged_at
"""

ONE_ALERT = """
SELECT body, number, thread, channel, thread_ts, acknowledged_by, acknowledged_at FROM alert
WHERE key = $1 AND environment = $2 FOR UPDATE
"""

RELEASE_ALERT = """
UPDATE alert SET acknowledged_by = '', acknowledged_at = NULL
WHERE key = $1 AND environment = $2 AND state <> 'resolved' AND acknowledged_by <> ''
RETURNING body, number, thread, channel, thread_ts, acknowledged_by, acknowledged_at
"""

FORGET_MUTE = """
UPDATE alert SET body = body || '{"mute": null, "hushed": false}'::jsonb WHERE key = $1
"""

SILENCED = """
SELECT body, number, thread, channel, thread_ts, acknowledged_by, acknowledged_at FROM alert
WHERE environment = $1 AND state <> 'resolved' AND lower(body #>> '{mute,pattern}') = lower($2)
FOR UPDATE
"""

ADD_NOTE = "INSERT INTO alert_note (environment, key, at, by, text) VALUES ($1, $2, $3, $4, $5)"

# How often an alert opened in the last 7 days, when last, when that ended, and what helped: noted
# of this alert, else of another of its detector.
SEEN_BEFORE = """
SELECT count(*) FILTER (
           WHERE reason = 'open' AND at > $3::timestamptz - interval '7 days') AS count,
       max(at) FILTER (WHERE reason = 'open') AS last_at,
       max(at) FILTER (WHERE reason = 'resolve') AS resolved_at,
       (SELECT text FROM alert_note WHERE environment = $1
          AND split_part(key, '/', 1) = split_part($2, '/', 1)
        ORDER BY key = $2 DESC, at DESC LIMIT 1) AS helped
FROM alert_event WHERE environment = $1 AND key = $2 AND at < $3
"""

REMEMBER_MUTE = "UPDATE alert SET body = jsonb_set(body, '{mute}', $2::jsonb) WHERE key = $1"

ALERTS = """
SELECT body, number, channel, thread_ts, acknowledged_by, acknowledged_at FROM alert
WHERE environment = $1 AND ($2 OR state <> 'resolved') ORDER BY changed_at DESC LIMIT $3
"""

EVENTS = """
SELECT at, key, reason, severity, title, note, by FROM alert_event
WHERE environment = $1 AND ($2 = '' OR key = $2) ORDER BY at DESC, id DESC LIMIT $3
"""

# Of more than $6 samples those in the middle are left out, tick by tick: how an alert began and how
# it ended is what its verdict is about.
RECORDED = """
WITH wanted AS (
    SELECT detector, at, data, unreadable FROM sample
    WHERE environment = $1 AND at > $3 AND at <= $4
      AND detector IN (SELECT $2::text UNION
                       SELECT detector FROM sample WHERE environment = $1 AND at > $3 AND at <= $4
                         AND starts_with(unreadable, $5::text))
), ticks AS (
    SELECT at, sum(count(*)) OVER (ORDER BY at) AS until,
           sum(count(*)) OVER (ORDER BY at DESC) AS since, sum(count(*)) OVER () AS total
    FROM wanted GROUP BY at)
SELECT detector, at, data, unreadable, total FROM wanted JOIN ticks USING (at)
WHERE total <= $6::int OR until <= $6::int / 2 OR since <= $6::int / 2
ORDER BY at, detector
"""

# Learned by the bot itself; what a person said stands in alias and is asked first.
LEARN_LABELS = """
INSERT INTO run_label (label, bos_batch_id, source, at)
SELECT label, bos_batch_id, source, coalesce(at, now())
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
    AS t (label, bos_batch_id, source, at)
ON CONFLICT (label, bos_batch_id) DO UPDATE SET at = greatest(run_label.at, excluded.at)
"""
LEARNED = "SELECT bos_batch_id FROM run_label WHERE label = $1 ORDER BY at DESC LIMIT 20"

WATCH = """
INSERT INTO batch_watch (environment, batch_id, channel, thread_ts, asker, started_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id
"""
WATCHES = """
SELECT id, batch_id, channel, thread_ts, asker, token, ts, started_at FROM batch_watch
WHERE environment = $1 AND ended_at IS NULL ORDER BY id
"""
WATCHED = "UPDATE batch_watch SET ts = $2, ended_at = coalesce($3, ended_at) WHERE id = $1"
UNWATCH = """
UPDATE batch_watch SET ended_at = $4
WHERE environment = $1 AND batch_id = $2 AND channel = $3 AND ended_at IS NULL RETURNING id
"""
