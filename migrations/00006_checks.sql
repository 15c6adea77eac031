-- The catalogue in force: which version of each check judged a tenant last, and the checks an organisation added itself.

-- +goose Up
-- The empty check_id stands for what decides beside the checks. What differs from the catalogue in force is judged again.
CREATE TABLE judged_checks (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    check_id  text NOT NULL,
    version   text NOT NULL,
    PRIMARY KEY (tenant_id, check_id)
);

-- A check that was taken away keeps its row: its ordinal stands in the past and is never given again. Ordinals of custom
-- checks are negative, so that they never meet one of the release.
CREATE TABLE custom_checks (
    tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    check_id   text NOT NULL,
    ordinal    smallint NOT NULL CHECK (ordinal < 0),
    version    text NOT NULL,
    source     text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (tenant_id, check_id),
    UNIQUE (tenant_id, ordinal)
);

-- Every version of a custom check that ever judged.
CREATE TABLE custom_check_versions (
    tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    check_id   text NOT NULL,
    version    text NOT NULL,
    source     text NOT NULL,
    first_used timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, check_id, version)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['judged_checks', 'custom_checks', 'custom_check_versions'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = nullif(current_setting(''plumbline.tenant'', true), '''')::uuid)', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE custom_check_versions;
DROP TABLE custom_checks;
DROP TABLE judged_checks;
