-- What is derived is compared by hash, as observations are: settling reads two hashes of a resource instead of the facts.

-- +goose Up
ALTER TABLE derived_facts
    ADD COLUMN hash       bytea NOT NULL DEFAULT '',
    ADD COLUMN rests_hash bytea NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE derived_facts DROP COLUMN hash, DROP COLUMN rests_hash;
