-- What the readers need beside the rows themselves: indexes in the order in which lists are shown, and the keys under
-- which creations are remembered.

-- +goose Up
-- Resolved findings are listed by the same order as standing ones; a partial index costs nothing while a finding stands.
CREATE INDEX findings_resolved ON findings (tenant_id, severity DESC, since, id) WHERE state = 'resolved';
CREATE INDEX findings_by_class ON findings (tenant_id, class, severity DESC, since, id) WHERE state <> 'resolved';
-- For the question "which permission would answer how many": unknowns are a small share of all findings.
CREATE INDEX findings_unknown ON findings (tenant_id, check_id) WHERE verdict = 'unknown' AND state <> 'resolved';

-- The past in the order of the lists. The moments stand in the key so that they are compared inside the index: a page
-- of any day then reads the heap for the rows it shows only.
CREATE INDEX finding_versions_worst ON finding_versions (tenant_id, severity DESC, since, id, valid_to, valid_from)
    WHERE state <> 'resolved';
CREATE INDEX resource_versions_by_class ON resource_versions (tenant_id, class, name, id, valid_to, valid_from);

-- Of one kind, whose class may stand last in the order of the list.
CREATE INDEX resources_by_kind ON resources (tenant_id, kind, class, name, id);

CREATE INDEX runs_recent ON runs (tenant_id, queued_at DESC, id DESC);
CREATE INDEX tokens_recent ON tokens (tenant_id, created_at, id);

-- A creation is done once for each key: a repetition gets the first answer. status 0 means that the first is under way.
CREATE TABLE idempotency_keys (
    tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    key        text NOT NULL,
    request    bytea NOT NULL,
    status     integer NOT NULL DEFAULT 0,
    response   jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (tenant_id, created_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency_keys
    USING (tenant_id = nullif(current_setting('plumbline.tenant', true), '')::uuid);

-- +goose Down
DROP TABLE idempotency_keys;
DROP INDEX tokens_recent;
DROP INDEX runs_recent;
DROP INDEX resources_by_kind;
DROP INDEX resource_versions_by_class;
DROP INDEX finding_versions_worst;
DROP INDEX findings_unknown;
DROP INDEX findings_by_class;
DROP INDEX findings_resolved;
