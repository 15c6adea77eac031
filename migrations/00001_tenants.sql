-- Who the customers are, what they collect, and who may ask. Every table of a tenant's data starts its primary key with
-- tenant_id and forces row security: a query without a tenant sees nothing.

-- +goose Up
CREATE TABLE tenants (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    demo       boolean NOT NULL DEFAULT false,
    -- judged_with is the version of the catalogue that judged the inventory last.
    judged_with text NOT NULL DEFAULT '',
    -- aged_at is when verdicts that read the moment were judged again last.
    aged_at    timestamptz,
    created_at timestamptz NOT NULL
);

-- Scopes are read across tenants by one query only: the sweep, which sets plumbline.sweep for its transaction.
CREATE TABLE scopes (
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id          uuid NOT NULL,
    natural_id  text NOT NULL,
    name        text NOT NULL,
    connection  jsonb NOT NULL DEFAULT '{}',
    schedule    text NOT NULL DEFAULT '',
    next_run_at timestamptz,
    created_at  timestamptz NOT NULL,
    removed_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, natural_id)
);
CREATE INDEX scopes_due ON scopes (next_run_at) WHERE next_run_at IS NOT NULL AND removed_at IS NULL;

-- A token is found by the hash of what the caller shows; nothing else of the table is visible to a caller without a
-- tenant.
CREATE TABLE tokens (
    tenant_id    uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    name         text NOT NULL,
    role         text NOT NULL CHECK (role IN ('reader', 'editor', 'admin')),
    hash         bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX tokens_hash ON tokens (hash);

-- What an organisation told the service about itself, every version of it.
CREATE TABLE settings_versions (
    tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    version    integer NOT NULL,
    valid_from timestamptz NOT NULL,
    settings   jsonb NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

-- Every version of a check that ever judged. Checks of the release belong to nobody; their ordinal is the number under
-- which passes are remembered.
CREATE TABLE check_versions (
    check_id   text NOT NULL,
    version    text NOT NULL,
    definition jsonb NOT NULL,
    first_used timestamptz NOT NULL,
    PRIMARY KEY (check_id, version)
);
CREATE TABLE check_ordinals (
    ordinal  smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_id text NOT NULL UNIQUE
);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants
    USING (id = nullif(current_setting('plumbline.tenant', true), '')::uuid
           OR current_setting('plumbline.sweep', true) = 'on');

ALTER TABLE scopes ENABLE ROW LEVEL SECURITY;
ALTER TABLE scopes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON scopes
    USING (tenant_id = nullif(current_setting('plumbline.tenant', true), '')::uuid
           OR current_setting('plumbline.sweep', true) = 'on')
    WITH CHECK (tenant_id = nullif(current_setting('plumbline.tenant', true), '')::uuid
           OR current_setting('plumbline.sweep', true) = 'on');

ALTER TABLE tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tokens
    USING (tenant_id = nullif(current_setting('plumbline.tenant', true), '')::uuid);
CREATE POLICY bearer ON tokens FOR SELECT
    USING (hash = decode(nullif(current_setting('plumbline.token', true), ''), 'hex'));

ALTER TABLE settings_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE settings_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON settings_versions
    USING (tenant_id = nullif(current_setting('plumbline.tenant', true), '')::uuid);

-- +goose Down
DROP TABLE check_ordinals;
DROP TABLE check_versions;
DROP TABLE settings_versions;
DROP TABLE tokens;
DROP TABLE scopes;
DROP TABLE tenants;
