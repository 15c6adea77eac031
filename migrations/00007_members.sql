-- Scopes that lie in others, such as the accounts of an organisation: which one each was found in, and since when it can
-- be read no more. What stands in them stays; only the collection ends.

-- +goose Up
ALTER TABLE scopes
    ADD COLUMN parent_id uuid,
    ADD COLUMN left_at   timestamptz,
    -- left_why ends the sentence "No longer collected: …".
    ADD COLUMN left_why  text NOT NULL DEFAULT '',
    ADD CONSTRAINT scopes_parent FOREIGN KEY (tenant_id, parent_id) REFERENCES scopes (tenant_id, id),
    ADD CONSTRAINT scopes_left CHECK ((left_at IS NULL) = (left_why = ''));
CREATE INDEX scopes_by_parent ON scopes (tenant_id, parent_id, natural_id) WHERE parent_id IS NOT NULL;

-- +goose Down
DROP INDEX scopes_by_parent;
ALTER TABLE scopes
    DROP CONSTRAINT scopes_left,
    DROP CONSTRAINT scopes_parent,
    DROP COLUMN left_why,
    DROP COLUMN left_at,
    DROP COLUMN parent_id;
