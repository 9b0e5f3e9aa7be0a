-- What the migrations after the incident added, for a database made by schema.sql.
ALTER TYPE cj_batch_status_enum ADD VALUE 'COMPLETE_FORCED_RECOVERY';
ALTER TABLE cj_batch_states ADD COLUMN total_budget integer;
ALTER TABLE cj_batch_states ALTER COLUMN current_iteration SET DEFAULT 0;
ALTER TABLE cj_comparison_pairs ADD COLUMN pair_generation_mode varchar(20);
CREATE INDEX ix_cj_comparison_pairs_mode ON cj_comparison_pairs (pair_generation_mode);
CREATE UNIQUE INDEX idx_outbox_unique_unpublished ON event_outbox (aggregate_id, event_type)
    WHERE published_at IS NULL;
