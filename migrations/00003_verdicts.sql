-- What was judged: findings with their events, counts of passes, control statuses and scores, all with their past.

-- +goose Up
CREATE TABLE findings (
    tenant_id      uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id             uuid NOT NULL,
    resource_id    uuid NOT NULL,
    scope_id       uuid NOT NULL,
    check_id       text NOT NULL,
    class          text NOT NULL,
    kind           text NOT NULL,
    region         text NOT NULL,
    resource_name  text NOT NULL,
    verdict        text NOT NULL CHECK (verdict IN ('fail', 'unknown')),
    base_severity  smallint NOT NULL,
    severity       smallint NOT NULL,
    state          text NOT NULL CHECK (state IN ('open', 'acknowledged', 'in_progress', 'excepted', 'resolved', 'regressed')),
    since          timestamptz NOT NULL,
    not_read_since timestamptz,
    resolved_at    timestamptz,
    -- valid_from is when the present form of the finding began; changed_at serves those who mirror.
    valid_from     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    reasons        jsonb,
    unknown        jsonb,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX findings_worst ON findings (tenant_id, severity DESC, since, id) WHERE state <> 'resolved';
CREATE INDEX findings_by_check ON findings (tenant_id, check_id, severity DESC, since, id);
CREATE INDEX findings_by_scope ON findings (tenant_id, scope_id, severity DESC, since, id) WHERE state <> 'resolved';
CREATE INDEX findings_by_resource ON findings (tenant_id, resource_id);
CREATE INDEX findings_changed ON findings (tenant_id, changed_at, id);

-- Past forms of findings, for any day of the past.
CREATE TABLE finding_versions (
    tenant_id      uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id             uuid NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_to       timestamptz NOT NULL,
    verdict        text NOT NULL,
    base_severity  smallint NOT NULL,
    severity       smallint NOT NULL,
    state          text NOT NULL,
    since          timestamptz NOT NULL,
    not_read_since timestamptz,
    reasons        jsonb,
    unknown        jsonb,
    PRIMARY KEY (tenant_id, id, valid_from)
);
CREATE INDEX finding_versions_by_time ON finding_versions (tenant_id, valid_to, valid_from);

-- Append-only: what happened to a finding.
CREATE TABLE finding_events (
    tenant_id    uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    finding_id   uuid NOT NULL,
    at           timestamptz NOT NULL,
    seq          bigint GENERATED ALWAYS AS IDENTITY,
    what         text NOT NULL,
    cause        text NOT NULL,
    from_verdict text NOT NULL,
    to_verdict   text NOT NULL,
    severity     smallint NOT NULL,
    actor        text NOT NULL DEFAULT '',
    note         text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, finding_id, at, seq)
);
CREATE INDEX finding_events_by_time ON finding_events (tenant_id, at);

-- Counts by scope and check; the current row has valid_to = infinity.
CREATE TABLE tallies (
    tenant_id     uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    scope_id      uuid NOT NULL,
    check_id      text NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz NOT NULL DEFAULT 'infinity',
    pass          bigint NOT NULL,
    inherited     bigint NOT NULL,
    fail_critical bigint NOT NULL,
    fail_high     bigint NOT NULL,
    fail_medium   bigint NOT NULL,
    fail_low      bigint NOT NULL,
    excepted      bigint NOT NULL,
    unknown       bigint NOT NULL,
    PRIMARY KEY (tenant_id, scope_id, check_id, valid_from)
);
CREATE INDEX tallies_by_time ON tallies (tenant_id, valid_to, valid_from);

-- scope_id is the nil uuid for the whole tenant.
CREATE TABLE control_statuses (
    tenant_id    uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    framework    text NOT NULL,
    scope_id     uuid NOT NULL,
    control_id   text NOT NULL,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL DEFAULT 'infinity',
    status       text NOT NULL,
    because      text NOT NULL,
    pass_weight  bigint NOT NULL,
    total_weight bigint NOT NULL,
    judged       bigint NOT NULL,
    asked        bigint NOT NULL,
    PRIMARY KEY (tenant_id, framework, scope_id, control_id, valid_from)
);
CREATE INDEX control_statuses_by_time ON control_statuses (tenant_id, framework, scope_id, valid_to, valid_from);

-- framework is a framework's id, or 'posture' for every check. movements counts what moved the figure, by cause.
CREATE TABLE scores (
    tenant_id    uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    framework    text NOT NULL,
    scope_id     uuid NOT NULL,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL DEFAULT 'infinity',
    pass_weight  bigint NOT NULL,
    total_weight bigint NOT NULL,
    judged       bigint NOT NULL,
    asked        bigint NOT NULL,
    counts       jsonb NOT NULL,
    statuses     jsonb NOT NULL,
    movements    jsonb NOT NULL,
    PRIMARY KEY (tenant_id, framework, scope_id, valid_from)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['findings', 'finding_versions', 'finding_events', 'tallies', 'control_statuses', 'scores'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = nullif(current_setting(''plumbline.tenant'', true), '''')::uuid)', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE scores;
DROP TABLE control_statuses;
DROP TABLE tallies;
DROP TABLE finding_events;
DROP TABLE finding_versions;
DROP TABLE findings;
