-- A role for CJ_DATABASE_URL that can read what batchbot needs and nothing else.
--
--   psql "postgresql://huleedu_user@localhost:5434/huleedu_cj_assessment" \
--        --single-transaction --set ON_ERROR_STOP=1 --file deploy/readonly_role.sql
--   psql ... --command '\password batchbot_reader'
--   CJ_DATABASE_URL=postgresql://batchbot_reader:<password>@localhost:5434/huleedu_cj_assessment
--
-- Run it as the tables' owner, in the CJ assessment database. It may be run again at any time,
-- and should be after a migration: columns that came later are granted only where they exist.
-- Essays, prompts, justifications, events, users and organisations are granted to nobody here,
-- so that they cannot leave the database by this role, whatever the bot asks.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'batchbot_reader') THEN
        -- Without a password nobody can log in over the network yet.
        CREATE ROLE batchbot_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
    END IF;
END
$$;

ALTER ROLE batchbot_reader CONNECTION LIMIT 20;
ALTER ROLE batchbot_reader SET default_transaction_read_only = on;
ALTER ROLE batchbot_reader SET statement_timeout = '5s';
ALTER ROLE batchbot_reader SET lock_timeout = '2s';
ALTER ROLE batchbot_reader SET idle_in_transaction_session_timeout = '30s';

-- Sessions that wait for a lock, or hold one and do nothing, belong to the services' role; their
-- state is shown to members of pg_read_all_stats alone. Only a superuser may grant that; without
-- it the bot says that it cannot see who blocks whom.
DO $$
BEGIN
    IF NOT pg_has_role('batchbot_reader', 'pg_read_all_stats', 'MEMBER') THEN
        GRANT pg_read_all_stats TO batchbot_reader;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'sessions that block stay hidden: a superuser has to grant pg_read_all_stats';
END
$$;

DO $$
DECLARE
    wanted CONSTANT jsonb := '{
        "cj_batch_uploads": ["id", "bos_batch_id", "event_correlation_id", "status", "created_at",
            "updated_at", "completed_at", "expected_essay_count"],
        "cj_batch_states": ["batch_id", "state", "total_budget", "total_comparisons",
            "submitted_comparisons", "completed_comparisons", "failed_comparisons",
            "completion_threshold_pct", "current_iteration", "last_activity_at",
            "processing_metadata"],
        "cj_comparison_pairs": ["id", "cj_batch_id", "essay_a_els_id", "essay_b_els_id",
            "request_correlation_id", "submitted_at", "completed_at", "winner", "error_code",
            "error_service", "error_correlation_id", "error_timestamp", "error_details",
            "created_at", "processing_metadata"],
        "cj_processed_essays": ["els_essay_id", "cj_batch_id", "current_bt_score",
            "current_bt_se", "comparison_count", "is_anchor"],
        "grade_projections": ["cj_batch_id", "created_at"],
        "event_outbox": ["aggregate_id", "aggregate_type", "event_type", "created_at",
            "published_at", "retry_count", "last_error"]
    }';
    name text;
    place regclass;
    columns text;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO batchbot_reader', current_database());
    FOR name IN SELECT jsonb_object_keys(wanted) LOOP
        place := to_regclass(name);
        IF place IS NULL THEN
            RAISE EXCEPTION 'there is no table %: is this the CJ assessment database?', name;
        END IF;
        SELECT string_agg(quote_ident(attname), ', ') INTO columns
        FROM pg_attribute
        WHERE attrelid = place AND attnum > 0 AND NOT attisdropped AND wanted -> name ? attname;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO batchbot_reader',
            (SELECT nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
             WHERE c.oid = place));
        -- What an earlier version of this file, or somebody else, granted is taken back first.
        EXECUTE format('REVOKE ALL ON %s FROM batchbot_reader', place);
        EXECUTE format('GRANT SELECT (%s) ON %s TO batchbot_reader', columns, place);
    END LOOP;
END
$$;
