-- A role for CJ_DATABASE_URL that can read what batchbot needs and nothing else.
--
--   psql "postgresql://huleedu_user@localhost:5434/huleedu_cj_assessment" \
--        --single-transaction --set ON_ERROR_STOP=1 --file deploy/readonly_role.sql
--   psql ... --command '\password batchbot_reader'
--   CJ_DATABASE_URL=postgresql://batchbot_reader:<password>@localhost:5434/huleedu_cj_assessment
--
-- Run it as the tables' owner, in the CJ assessment database; a superuser is not needed. It may be
-- run again at any time, and should be after a migration and after an upgrade of the bot.
-- deploy/readonly_role_drop.sql takes everything away.
--
-- Essays, prompts, justifications, events, users, organisations, error messages and whole JSON
-- documents are not granted. Of the documents, of the messages and of other sessions, functions in
-- the schema `batchbot` return the few allowed keys and words. Their bodies name tables only when
-- they run, so no migration of CJ depends on them: a column may be renamed or dropped, and the bot
-- then says that it is missing.
-- Whatever the role can read beyond that is taken back, or named in a warning where another role
-- granted it. `batchbot doctor` then tries what must be refused.

SET client_min_messages = warning;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'batchbot_reader') THEN
        -- Without a password a log-in over the network is refused.
        CREATE ROLE batchbot_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
    END IF;
    BEGIN
        ALTER ROLE batchbot_reader CONNECTION LIMIT 20;
        ALTER ROLE batchbot_reader SET default_transaction_read_only = on;
        ALTER ROLE batchbot_reader SET statement_timeout = '5s';
        ALTER ROLE batchbot_reader SET lock_timeout = '2s';
        ALTER ROLE batchbot_reader SET idle_in_transaction_session_timeout = '30s';
    EXCEPTION WHEN insufficient_privilege THEN
        -- The bot sets the same for its own sessions.
        RAISE WARNING 'the limits of batchbot_reader stay as they are: only who made it may set them';
    END;
END
$$;

-- Names in the functions below are looked up in the schema of CJ's tables, then in no other:
-- a temporary table of the caller cannot take their place.
DO $$
DECLARE
    place CONSTANT regclass := to_regclass('cj_batch_uploads');
BEGIN
    IF place IS NULL THEN
        RAISE EXCEPTION 'there is no table cj_batch_uploads: is this the CJ assessment database?';
    END IF;
    PERFORM set_config('search_path', (SELECT quote_ident(nspname) || ', pg_temp'
        FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = place), false);
END
$$;

DROP SCHEMA IF EXISTS batchbot CASCADE;
CREATE SCHEMA batchbot;
-- By the version `batchbot doctor` knows a file that was run before an upgrade.
COMMENT ON SCHEMA batchbot IS
    'What batchbot may read of JSON documents and of other sessions, version 4.';

-- PostgreSQL stores a document with an escape such as \u0000, but refuses to take it apart.
CREATE FUNCTION batchbot.readable(document json) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN strpos(document::text, '\u') > 0 AND document::text ~* '\\u(0000|d[89a-f])'
           THEN regexp_replace(
               document::text, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi')::json
           ELSE document END
$$;

-- A value of a document leaves only in the shape that it must have.
CREATE FUNCTION batchbot.name(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value ~ '^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$' THEN left(value, 60) END
$$;
CREATE FUNCTION batchbot.number(value text) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value ~ '^-?[0-9]{1,15}(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,2})?$'
           THEN value::float8 END
$$;

-- A batch's state metadata: five keys; '[]' stands for a document that is no object.
CREATE FUNCTION batchbot.batch_metadata(of_batch integer) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    found json;
BEGIN
    SELECT s.processing_metadata INTO found FROM cj_batch_states s WHERE s.batch_id = of_batch;
    IF found IS NULL THEN
        RETURN NULL;
    ELSIF json_typeof(found) <> 'object' THEN
        RETURN '[]';
    END IF;
    found := batchbot.readable(found);
    RETURN json_build_object(
        'comparison_budget', json_build_object('max_pairs_requested', substring(
            found -> 'comparison_budget' ->> 'max_pairs_requested' FROM '^[0-9]{1,9}$')),
        'config_overrides', json_build_object('llm_batching_mode_override', substring(
            found -> 'config_overrides' ->> 'llm_batching_mode_override'
            FROM '^[A-Za-z0-9_-]{1,60}$')),
        'llm_batching_mode',
            substring(found ->> 'llm_batching_mode' FROM '^[A-Za-z0-9_-]{1,60}$'),
        'max_possible_pairs', substring(found ->> 'max_possible_pairs' FROM '^[0-9]{1,9}$'),
        'forced_to_scoring', json_build_object('reason', CASE
            WHEN found -> 'forced_to_scoring' ->> 'reason' = 'stuck_timeout' THEN 'stuck_timeout'
            WHEN found -> 'forced_to_scoring' ->> 'reason' <> '' THEN 'other' END))::text;
END
$$;

-- What the answers of some batches' comparisons cost and by whom they came.
CREATE FUNCTION batchbot.answers(of_batches integer[], only_valid boolean, at_most bigint)
RETURNS TABLE (essay_a text, essay_b text, provider text, model text,
               response_ms double precision, cost double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT t.a, t.b, batchbot.name(t.by), batchbot.name(t.with_model), batchbot.number(t.ms),
           batchbot.number(t.price)
    FROM (SELECT d.a, d.b, d.answer ->> 'provider' AS by, d.answer ->> 'model' AS with_model,
                 d.answer ->> 'response_time_ms' AS ms, d.answer ->> 'cost_estimate' AS price
          FROM (SELECT p.essay_a_els_id::text AS a, p.essay_b_els_id::text AS b,
                       batchbot.readable(p.processing_metadata) AS answer
                FROM cj_comparison_pairs p WHERE p.cj_batch_id = ANY (of_batches)
                  AND (NOT only_valid OR p.winner IN ('essay_a', 'essay_b')) LIMIT at_most) d
          OFFSET 0) t;
END
$$;

-- What the model's provider answered stands at the top of error details, or one level down.
CREATE FUNCTION batchbot.detail(details json, key text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(details ->> key, details -> 'details' ->> key)
$$;

-- A message may quote what was sent. Only what stands for the words that name a reason leaves: the
-- bot's own list, in bot/domain/batch/error_words.py.
CREATE FUNCTION batchbot.message(details json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN said ~ 'credit balance|insufficient[_ ]quota|exceeded your current quota|billing'
            THEN 'credit balance'
        WHEN said ~ 'prompt is too long|context[_ ]length|maximum context|request_too_large'
            THEN 'prompt is too long'
        WHEN said ~ 'invalid x-api-key|authentication|permission_error|invalid api key|'
                    'api key not configured'
            THEN 'authentication'
        WHEN said ~ 'not_found_error|model[_ ]not[_ ]found|unknown model'
            THEN 'unknown model'
        WHEN said ~ 'rate[_ ]limit|too many requests'
            THEN 'rate limit'
        WHEN said ~ 'overloaded'
            THEN 'overloaded'
        WHEN said ~ 'time(?:d)?[- ]?out(?! of)'
            THEN 'timeout'
        WHEN said ~ 'name or service not known|no address associated with|name resolution|'
                    'connectordnserror|nodename nor servname'
            THEN 'name or service not known'
        WHEN said ~ 'certificate[_ ]verify[_ ]failed|sslcertverification|'
                    'connectorcertificateerror'
            THEN 'certificate verify failed'
        WHEN said ~ 'connection_error|disconnected|connection reset|cannot connect|broken pipe|'
                    'connection refused|clientconnect|clientoserror'
            THEN 'connection reset'
        WHEN said ~ 'max_tokens limit|truncated response'
            THEN 'truncated response'
        WHEN said ~ 'no tool use|no choices in|invalid_response|failed to parse'
            THEN 'invalid_response'
        WHEN said ~ 'server_error|api_error|internal server error|bad gateway'
            THEN 'server_error'
        ELSE '' END
    FROM (SELECT lower(left(batchbot.detail(details, 'provider_error_message'), 200)) AS said) m
$$;

-- The same of what a relay met that could not publish an event: classes, codes and words.
CREATE FUNCTION batchbot.outbox_error(of_event uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN (SELECT string_agg(w.said, '; ' ORDER BY w.place)
        FROM (SELECT u.place, substring(left(e.last_error, 500) FROM '(?i)' || u.pattern) AS said
        FROM event_outbox e, unnest(ARRAY[
            '(?<![a-z])(?:kafka|broker|brokers|producer|topic|unknown|or|partition|leader|not|for|'
            'message|record|batch|size|too|large|connection|refused|reset|aborted|timeout|timed|'
            'out|request|node|ready|no|available|circuit|breaker|open|redis|serialization|value|'
            'type|key|os|runtime|schema|validation|huleedu|authorization|failed|cancelled|client|'
            'server|disconnected|http|attribute|unicode|encode|decode|json){1,6}(?:error|'
            'exception)(?![a-z])',
            'kafka_(?:publish|connection|timeout|serialization)_error|external_service_error|'
            'serialization_error|circuit_breaker_open',
            'time(?:d)?[- ]?out(?! of)',
            'unable to bootstrap|no brokers? available|not available|node not ready',
            'connection (?:refused|reset|closed|aborted|lost)|disconnected|broken pipe',
            'too large|larger than the maximum|unknown[_ ]topic[_ ]or[_ ]part(?:ition)?',
            'not leader for partition|not enough replicas',
            'authori[sz]ation failed|authentication failed',
            'circuit breaker is open|not (?:json )?serializable|name or service not known'
        ]) WITH ORDINALITY AS u(pattern, place) WHERE e.id = of_event) w);
END
$$;

-- The same of one comparison; of a failed one its details name the provider and the reason.
CREATE FUNCTION batchbot.answer(of_pair integer)
RETURNS TABLE (provider text, response_ms double precision, http_status text, error_type text,
               provider_error_type text, message text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT coalesce(batchbot.name(t.answer ->> 'provider'),
                    batchbot.name(t.details ->> 'provider')),
        batchbot.number(t.answer ->> 'response_time_ms'),
        coalesce(substring(batchbot.detail(t.details, 'http_status') FROM '^[0-9]{1,9}$'), ''),
        coalesce(batchbot.name(batchbot.detail(t.details, 'error_type')), ''),
        coalesce(batchbot.name(batchbot.detail(t.details, 'provider_error_type')), ''),
        batchbot.message(t.details)
    FROM (SELECT batchbot.readable(p.processing_metadata) AS answer,
                 batchbot.readable(p.error_details) AS details
          FROM cj_comparison_pairs p WHERE p.id = of_pair) t;
END
$$;

-- The failed comparisons of some batches, at most so many of them, grouped by what failed.
CREATE FUNCTION batchbot.some_failures(of_batches integer[], at_most bigint)
RETURNS TABLE (code text, service text, provider text, http_status text, error_type text,
               provider_error_type text, message text, root uuid, rows bigint,
               first_at timestamptz, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT t.error, t.from_service, coalesce(batchbot.name(t.details ->> 'provider'), 'unknown'),
        coalesce(substring(batchbot.detail(t.details, 'http_status') FROM '^[0-9]{1,9}$'), ''),
        coalesce(batchbot.name(batchbot.detail(t.details, 'error_type')), ''),
        coalesce(batchbot.name(batchbot.detail(t.details, 'provider_error_type')), ''),
        batchbot.message(t.details), t.origin, count(*), min(t.at), max(t.at)
    FROM (SELECT coalesce(p.error_code::text, 'unknown') AS error,
                 coalesce(p.error_service::text, 'unknown') AS from_service,
                 coalesce(p.error_correlation_id, p.request_correlation_id) AS origin,
                 p.error_timestamp AS at, batchbot.readable(p.error_details) AS details
          FROM cj_comparison_pairs p
          WHERE p.cj_batch_id = ANY (of_batches) AND p.winner = 'error' LIMIT at_most) t
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
END
$$;

-- The same of all of them.
CREATE FUNCTION batchbot.failures(of_batches integer[])
RETURNS TABLE (code text, service text, provider text, http_status text, error_type text,
               provider_error_type text, message text, root uuid, rows bigint,
               first_at timestamptz, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY SELECT * FROM batchbot.some_failures(of_batches, NULL);
END
$$;

-- Sessions that wait for a lock, or hold a transaction open and do nothing; no query text. They
-- belong to the services' role, whose state this function may read and the bot's role may not.
CREATE FUNCTION batchbot.blocked_sessions(older_than_seconds double precision)
RETURNS TABLE (pid integer, state text, wait text, age_seconds double precision,
               blocked_by integer[], application text, relation text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT a.pid, coalesce(a.state, ''),
        coalesce(a.wait_event_type || ':' || a.wait_event, ''),
        extract(epoch FROM clock_timestamp() - coalesce(a.state_change, a.xact_start))::float8,
        pg_blocking_pids(a.pid), left(a.application_name, 60),
        coalesce((SELECT c.relname::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                  WHERE l.pid = a.pid AND NOT l.granted LIMIT 1), '')
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND (a.state LIKE 'idle in transaction%' OR a.wait_event_type = 'Lock')
      AND clock_timestamp() - coalesce(a.state_change, a.xact_start)
          > make_interval(secs => older_than_seconds)
    ORDER BY 4 DESC LIMIT 50;
END
$$;

-- How many sessions even this function's owner may not see: those are not taken for idle ones.
CREATE FUNCTION batchbot.hidden_sessions() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN (SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state IS NULL
              AND coalesce(backend_type, 'client backend') = 'client backend'
              AND usename <> 'batchbot_reader' AND NOT pg_has_role(usesysid, 'USAGE')
              AND NOT pg_has_role('pg_read_all_stats', 'USAGE'));
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA batchbot FROM PUBLIC;

DO $$
DECLARE
    wanted CONSTANT jsonb := '{
        "cj_batch_uploads": ["id", "bos_batch_id", "event_correlation_id", "status", "created_at",
            "updated_at", "completed_at", "expected_essay_count", "assignment_id"],
        "cj_batch_states": ["batch_id", "state", "total_budget", "total_comparisons",
            "submitted_comparisons", "completed_comparisons", "failed_comparisons",
            "completion_threshold_pct", "current_iteration", "last_activity_at"],
        "cj_comparison_pairs": ["id", "cj_batch_id", "essay_a_els_id", "essay_b_els_id",
            "request_correlation_id", "submitted_at", "completed_at", "winner", "confidence",
            "error_code",
            "error_service", "error_correlation_id", "error_timestamp", "created_at"],
        "cj_processed_essays": ["els_essay_id", "cj_batch_id", "current_bt_score",
            "current_bt_se", "comparison_count", "is_anchor"],
        "grade_projections": ["cj_batch_id", "created_at"],
        "event_outbox": ["id", "aggregate_id", "aggregate_type", "event_type", "created_at",
            "published_at", "retry_count"],
        "alembic_version": ["version_num"]
    }';
    reader CONSTANT oid := (SELECT oid FROM pg_roles WHERE rolname = 'batchbot_reader');
    name text;
    place regclass;
    columns text;
    statement text;
    beyond text;
BEGIN
    -- What an earlier version of this file, or another hand, granted is taken back first.
    FOR place IN
        SELECT c.oid::regclass FROM pg_class c
        WHERE c.relnamespace <> 'pg_catalog'::regnamespace AND (
            EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee = reader)
            OR EXISTS (SELECT FROM pg_attribute a, aclexplode(a.attacl) g
                       WHERE a.attrelid = c.oid AND g.grantee = reader))
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM batchbot_reader', place);
    END LOOP;
    FOR name IN
        SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
        WHERE m.member = reader
    LOOP
        BEGIN
            EXECUTE format('REVOKE %I FROM batchbot_reader', name);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;  -- named in the warning below
        END;
    END LOOP;

    -- So is what somebody promised of tables to come, and what stands in other schemas.
    FOR statement IN
        SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s REVOKE ALL ON %s FROM batchbot_reader',
            d.defaclrole::regrole,
            (SELECT ' IN SCHEMA ' || quote_ident(nspname) FROM pg_namespace
             WHERE oid = d.defaclnamespace),
            CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END)
        FROM pg_default_acl d
        WHERE EXISTS (SELECT FROM aclexplode(d.defaclacl) WHERE grantee = reader)
        UNION ALL
        SELECT format('REVOKE ALL ON FUNCTION %s FROM batchbot_reader', p.oid::regprocedure)
        FROM pg_proc p
        WHERE EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = reader)
        UNION ALL
        SELECT format('REVOKE ALL ON SCHEMA %I FROM batchbot_reader', nspname)
        FROM pg_namespace WHERE EXISTS (SELECT FROM aclexplode(nspacl) WHERE grantee = reader)
    LOOP
        BEGIN
            EXECUTE statement;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'as an administrator: %', statement;
        END;
    END LOOP;

    GRANT USAGE ON SCHEMA batchbot TO batchbot_reader;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA batchbot TO batchbot_reader;
    IF NOT has_database_privilege(reader, current_database(), 'CONNECT') THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO batchbot_reader', current_database());
    END IF;
    FOR name IN SELECT jsonb_object_keys(wanted) LOOP
        place := to_regclass(name);
        -- Without the table of migrations only the revision is unknown.
        CONTINUE WHEN place IS NULL AND name = 'alembic_version';
        IF place IS NULL THEN
            RAISE EXCEPTION 'there is no table %: is this the CJ assessment database?', name;
        END IF;
        SELECT string_agg(quote_ident(attname), ', ') INTO columns
        FROM pg_attribute
        WHERE attrelid = place AND attnum > 0 AND NOT attisdropped AND wanted -> name ? attname;
        IF NOT has_schema_privilege(reader, (SELECT relnamespace FROM pg_class WHERE oid = place),
                                    'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO batchbot_reader',
                (SELECT nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
                 WHERE c.oid = place));
        END IF;
        EXECUTE format('GRANT SELECT (%s) ON %s TO batchbot_reader', columns, place);
    END LOOP;

    -- What remains was granted by another role, or to everybody; it is not ours to take back.
    SELECT string_agg(r.rolname, ', ') INTO beyond
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE m.member = reader;
    IF beyond IS NOT NULL THEN
        RAISE WARNING 'batchbot_reader is still a member of %: revoke that as an administrator',
            beyond;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE oid = reader AND (rolsuper OR rolcreaterole
               OR rolcreatedb OR rolreplication OR rolbypassrls)) THEN
        RAISE WARNING 'batchbot_reader has rights of an administrator: ALTER ROLE takes them back';
    END IF;
    SELECT string_agg(DISTINCT format('%s.%s', c.oid::regclass, a.attname), ', ') INTO beyond
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND has_column_privilege(reader, c.oid, a.attnum, 'SELECT')
      AND NOT coalesce(c.oid = to_regclass(c.relname::text) AND wanted -> c.relname::text ? a.attname,
                       false);
    IF beyond IS NOT NULL THEN
        RAISE WARNING 'batchbot_reader can still read %: see the grants to PUBLIC and by others',
            left(beyond, 1000);
    END IF;
    SELECT string_agg(DISTINCT c.oid::regclass::text, ', ') INTO beyond
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT LIKE 'pg\_%'
      AND n.nspname <> 'information_schema'
      AND (has_any_column_privilege(reader, c.oid, 'INSERT, UPDATE')
           OR has_table_privilege(reader, c.oid, 'DELETE, TRUNCATE'));
    IF beyond IS NOT NULL THEN
        RAISE WARNING 'batchbot_reader can still write %: see the grants to PUBLIC and by others',
            left(beyond, 1000);
    END IF;
    SELECT string_agg(quote_ident(nspname), ', ') INTO beyond FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\_%' AND has_schema_privilege(reader, oid, 'CREATE');
    IF beyond IS NOT NULL THEN
        RAISE WARNING 'batchbot_reader can create objects in %: REVOKE CREATE ... FROM PUBLIC',
            beyond;
    END IF;
END
$$;

RESET search_path;
RESET client_min_messages;
