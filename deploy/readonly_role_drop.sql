-- Takes away what readonly_role.sql made in this database, and the role where no other uses it.
--
--   psql "postgresql://huleedu_user@localhost:5434/huleedu_cj_assessment" \
--        --single-transaction --set ON_ERROR_STOP=1 --file deploy/readonly_role_drop.sql

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS batchbot CASCADE;

DO $$
DECLARE
    reader CONSTANT oid := (SELECT oid FROM pg_roles WHERE rolname = 'batchbot_reader');
    place text;
    statement text;
BEGIN
    IF reader IS NULL THEN
        RETURN;
    END IF;
    FOR place IN
        SELECT c.oid::regclass FROM pg_class c
        WHERE EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee = reader)
           OR EXISTS (SELECT FROM pg_attribute a, aclexplode(a.attacl) g
                      WHERE a.attrelid = c.oid AND g.grantee = reader)
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM batchbot_reader', place);
    END LOOP;
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
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM batchbot_reader', current_database());
    BEGIN
        DROP ROLE batchbot_reader;
    EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
        RAISE WARNING 'the role batchbot_reader stays: %', SQLERRM;
    END;
END
$$;

RESET client_min_messages;
