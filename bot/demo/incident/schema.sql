-- The CJ assessment database as it was on the night of the incident (2025-11-18).
-- schema_now.sql brings it to the later revision.
CREATE TYPE cj_batch_status_enum AS ENUM (
    'PENDING', 'FETCHING_CONTENT', 'PERFORMING_COMPARISONS', 'COMPLETE_STABLE',
    'COMPLETE_MAX_COMPARISONS', 'COMPLETE_INSUFFICIENT_ESSAYS', 'ERROR_PROCESSING',
    'ERROR_ESSAY_PROCESSING');
CREATE TYPE cj_batch_state_enum AS ENUM (
    'INITIALIZING', 'GENERATING_PAIRS', 'WAITING_CALLBACKS', 'SCORING', 'COMPLETED', 'FAILED',
    'CANCELLED');

CREATE TABLE cj_batch_uploads (
    id serial PRIMARY KEY,
    bos_batch_id varchar(36) NOT NULL,
    event_correlation_id varchar(36) NOT NULL,
    language varchar(10) NOT NULL,
    course_code varchar(50) NOT NULL,
    expected_essay_count integer NOT NULL,
    status cj_batch_status_enum NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    completed_at timestamp,
    processing_metadata json,
    assignment_id varchar(100),
    user_id varchar(255),
    org_id varchar(255));
CREATE INDEX ix_cj_batch_uploads_bos_batch_id ON cj_batch_uploads (bos_batch_id);
CREATE INDEX ix_cj_batch_uploads_status ON cj_batch_uploads (status);

CREATE TABLE cj_batch_states (
    batch_id integer PRIMARY KEY REFERENCES cj_batch_uploads (id) ON DELETE CASCADE,
    state cj_batch_state_enum NOT NULL,
    total_comparisons integer NOT NULL,
    submitted_comparisons integer NOT NULL DEFAULT 0,
    completed_comparisons integer NOT NULL DEFAULT 0,
    failed_comparisons integer NOT NULL DEFAULT 0,
    last_activity_at timestamptz NOT NULL DEFAULT now(),
    partial_scoring_triggered boolean NOT NULL DEFAULT false,
    completion_threshold_pct integer NOT NULL DEFAULT 95,
    current_iteration integer NOT NULL DEFAULT 1,
    processing_metadata json);
CREATE INDEX ix_cj_batch_states_state ON cj_batch_states (state);

CREATE TABLE cj_processed_essays (
    els_essay_id varchar(36) PRIMARY KEY,
    cj_batch_id integer NOT NULL REFERENCES cj_batch_uploads (id) ON DELETE CASCADE,
    text_storage_id varchar(256) NOT NULL,
    assessment_input_text text NOT NULL,
    current_bt_score double precision,
    current_bt_se double precision,
    comparison_count integer NOT NULL DEFAULT 0,
    is_anchor boolean NOT NULL DEFAULT false,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    processing_metadata json);
CREATE INDEX ix_cj_processed_essays_cj_batch_id ON cj_processed_essays (cj_batch_id);

CREATE TABLE cj_comparison_pairs (
    id serial PRIMARY KEY,
    cj_batch_id integer NOT NULL REFERENCES cj_batch_uploads (id) ON DELETE CASCADE,
    essay_a_els_id varchar(36) NOT NULL REFERENCES cj_processed_essays (els_essay_id),
    essay_b_els_id varchar(36) NOT NULL REFERENCES cj_processed_essays (els_essay_id),
    prompt_text text NOT NULL,
    request_correlation_id uuid,
    submitted_at timestamptz,
    completed_at timestamptz,
    winner varchar(20),
    confidence double precision,
    justification text,
    raw_llm_response text,
    error_code varchar(100),
    error_correlation_id uuid,
    error_timestamp timestamptz,
    error_service varchar(100),
    error_details json,
    created_at timestamp NOT NULL DEFAULT now(),
    processing_metadata json);
CREATE INDEX ix_cj_comparison_pairs_cj_batch_id ON cj_comparison_pairs (cj_batch_id);
CREATE INDEX ix_cj_comparison_pairs_essay_a ON cj_comparison_pairs (essay_a_els_id);
CREATE INDEX ix_cj_comparison_pairs_essay_b ON cj_comparison_pairs (essay_b_els_id);
CREATE INDEX ix_cj_comparison_pairs_request ON cj_comparison_pairs (request_correlation_id);

CREATE TABLE grade_projections (
    els_essay_id varchar(255) NOT NULL REFERENCES cj_processed_essays (els_essay_id),
    cj_batch_id integer NOT NULL REFERENCES cj_batch_uploads (id),
    primary_grade varchar(4) NOT NULL,
    grade_scale varchar(50) NOT NULL DEFAULT 'swedish_8_anchor',
    confidence_score double precision NOT NULL,
    confidence_label varchar(10) NOT NULL,
    calculation_metadata json NOT NULL,
    population_prior double precision,
    created_at timestamptz NOT NULL DEFAULT now(),
    assessment_method varchar(50) NOT NULL DEFAULT 'cj_assessment',
    model_used varchar(100),
    model_provider varchar(50),
    normalized_score double precision,
    PRIMARY KEY (els_essay_id, cj_batch_id));
CREATE INDEX idx_batch_grade ON grade_projections (cj_batch_id, primary_grade);

CREATE TABLE event_outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    aggregate_id varchar(255) NOT NULL,
    aggregate_type varchar(100) NOT NULL,
    event_type varchar(255) NOT NULL,
    event_data json NOT NULL,
    event_key varchar(255),
    topic varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    retry_count integer NOT NULL DEFAULT 0,
    last_error text);
CREATE INDEX ix_event_outbox_unpublished ON event_outbox (published_at, created_at)
    WHERE published_at IS NULL;
CREATE INDEX ix_event_outbox_aggregate ON event_outbox (aggregate_type, aggregate_id);
CREATE INDEX ix_event_outbox_event_type ON event_outbox (event_type);
