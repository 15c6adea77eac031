-- The large tables need no reference to their tenant: row security lets a transaction write the rows of its own tenant
-- only, and a reference looks the tenant up once more for every row of a first run.

-- +goose Up
ALTER TABLE resources             DROP CONSTRAINT resources_tenant_id_fkey;
ALTER TABLE resource_versions     DROP CONSTRAINT resource_versions_tenant_id_fkey;
ALTER TABLE derived_facts         DROP CONSTRAINT derived_facts_tenant_id_fkey;
ALTER TABLE derived_fact_versions DROP CONSTRAINT derived_fact_versions_tenant_id_fkey;
ALTER TABLE edges                 DROP CONSTRAINT edges_tenant_id_fkey;
ALTER TABLE pending_resources     DROP CONSTRAINT pending_resources_tenant_id_fkey;
ALTER TABLE findings              DROP CONSTRAINT findings_tenant_id_fkey;
ALTER TABLE finding_versions      DROP CONSTRAINT finding_versions_tenant_id_fkey;
ALTER TABLE finding_events        DROP CONSTRAINT finding_events_tenant_id_fkey;

-- +goose Down
ALTER TABLE resources             ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE resource_versions     ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE derived_facts         ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE derived_fact_versions ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE edges                 ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE pending_resources     ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE findings              ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE finding_versions      ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
ALTER TABLE finding_events        ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE;
