-- What was seen: runs and their ledgers, resources with facts and derived facts. The current row and its past stand
-- apart: a row of a *_versions table is written when a version ends, so an unchanged rescan writes none.

-- +goose Up
CREATE TABLE runs (
    tenant_id        uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id               uuid NOT NULL,
    scope_id         uuid NOT NULL,
    trigger          text NOT NULL CHECK (trigger IN ('schedule', 'request', 'change', 'demo')),
    state            text NOT NULL CHECK (state IN ('queued', 'running', 'complete', 'partial', 'failed', 'cancelled')),
    queued_at        timestamptz NOT NULL,
    began_at         timestamptz,
    ended_at         timestamptz,
    catalogue        text NOT NULL DEFAULT '',
    listed           integer NOT NULL DEFAULT 0,
    changed          integer NOT NULL DEFAULT 0,
    removed          integer NOT NULL DEFAULT 0,
    ledger           bytea,
    progress         text NOT NULL DEFAULT '',
    error            text NOT NULL DEFAULT '',
    cancel_requested boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, scope_id) REFERENCES scopes (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX runs_by_scope ON runs (tenant_id, scope_id, queued_at DESC);
-- Overlapping runs of one scope are impossible.
CREATE UNIQUE INDEX runs_one_at_a_time ON runs (tenant_id, scope_id) WHERE state IN ('queued', 'running');

-- The ledger of a run, a row for each kind and region, kept once for each content: runs that met the same world share
-- one. Moments are in runs and listings.
CREATE TABLE ledgers (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    hash      bytea NOT NULL,
    rows      jsonb NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);

-- The last listing of each kind and region, and the last complete one. Removal and closing are decided by it.
CREATE TABLE listings (
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    scope_id    uuid NOT NULL,
    kind        text NOT NULL,
    region      text NOT NULL,
    class       text NOT NULL,
    began_at    timestamptz NOT NULL,
    complete    boolean NOT NULL,
    complete_at timestamptz,
    listed      integer NOT NULL,
    unknown     jsonb,
    PRIMARY KEY (tenant_id, scope_id, kind, region)
) WITH (fillfactor = 50);

CREATE TABLE resources (
    tenant_id      uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id             uuid NOT NULL,
    scope_id       uuid NOT NULL,
    kind           text NOT NULL,
    class          text NOT NULL,
    region         text NOT NULL,
    -- listing is the region of the ledger row that lists the resource: "global" for what is listed once.
    listing        text NOT NULL,
    natural_id     text NOT NULL,
    name           text NOT NULL,
    labels         jsonb,
    carries_labels boolean NOT NULL,
    placeholder    boolean NOT NULL DEFAULT false,
    first_seen_at  timestamptz NOT NULL,
    valid_from     timestamptz NOT NULL,
    observed_at    timestamptz NOT NULL,
    run_id         uuid,
    hash           bytea NOT NULL,
    facts          jsonb NOT NULL,
    -- answers is what the cloud said, stripped of secrets, compressed with zstd.
    answers        bytea,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX resources_by_listing ON resources (tenant_id, scope_id, kind, listing, id);
CREATE INDEX resources_by_class ON resources (tenant_id, class, name, id);

CREATE TABLE resource_versions (
    tenant_id      uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id             uuid NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_to       timestamptz NOT NULL,
    -- gone says that the version ended because the resource was removed.
    gone           boolean NOT NULL DEFAULT false,
    scope_id       uuid NOT NULL,
    kind           text NOT NULL,
    class          text NOT NULL,
    region         text NOT NULL,
    natural_id     text NOT NULL,
    name           text NOT NULL,
    labels         jsonb,
    carries_labels boolean NOT NULL,
    placeholder    boolean NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    observed_at    timestamptz NOT NULL,
    run_id         uuid,
    hash           bytea NOT NULL,
    facts          jsonb NOT NULL,
    answers        bytea,
    PRIMARY KEY (tenant_id, id, valid_from)
);
CREATE INDEX resource_versions_by_time ON resource_versions (tenant_id, valid_to, valid_from);

-- Derived facts of the current version, what they rest on, and which checks pass on them.
CREATE TABLE derived_facts (
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    resource_id uuid NOT NULL,
    scope_id    uuid NOT NULL,
    valid_from  timestamptz NOT NULL,
    facts       jsonb NOT NULL,
    -- rests_on are the keys that were looked at; passed and inherited hold ordinals of checks.
    rests_on    bigint[] NOT NULL,
    passed      smallint[] NOT NULL,
    inherited   smallint[] NOT NULL,
    PRIMARY KEY (tenant_id, resource_id)
);
CREATE INDEX derived_facts_rests_on ON derived_facts USING gin (rests_on);
CREATE INDEX derived_facts_by_scope ON derived_facts (tenant_id, scope_id) INCLUDE (passed, inherited);

CREATE TABLE derived_fact_versions (
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    resource_id uuid NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL,
    facts       jsonb NOT NULL,
    passed      smallint[] NOT NULL,
    inherited   smallint[] NOT NULL,
    PRIMARY KEY (tenant_id, resource_id, valid_from)
);

-- Edges between resources, as their current facts say. The far end need not exist.
CREATE TABLE edges (
    tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    to_id      uuid NOT NULL,
    link       text NOT NULL,
    from_class text NOT NULL,
    from_id    uuid NOT NULL,
    PRIMARY KEY (tenant_id, to_id, link, from_class, from_id)
);
CREATE INDEX edges_from ON edges (tenant_id, from_id);

-- What has to be worked out again. It is written together with the change and deleted together with the verdicts, so a
-- process that dies in between loses nothing.
CREATE TABLE pending_resources (
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    resource_id uuid NOT NULL,
    cause       text NOT NULL,
    PRIMARY KEY (tenant_id, resource_id)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['runs', 'ledgers', 'listings', 'resources', 'resource_versions', 'derived_facts',
                             'derived_fact_versions', 'edges', 'pending_resources'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = nullif(current_setting(''plumbline.tenant'', true), '''')::uuid)', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE pending_resources;
DROP TABLE edges;
DROP TABLE derived_fact_versions;
DROP TABLE derived_facts;
DROP TABLE resource_versions;
DROP TABLE resources;
DROP TABLE listings;
DROP TABLE ledgers;
DROP TABLE runs;
