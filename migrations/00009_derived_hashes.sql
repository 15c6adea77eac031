-- What is derived is compared by hash, as observations are: settling reads three hashes of a resource instead of the facts.
-- A changed check leaves derived facts as they are: what is due for it alone is judged from them, not derived again.

-- +goose Up
ALTER TABLE derived_facts
    ADD COLUMN hash        bytea NOT NULL DEFAULT '',
    ADD COLUMN passes_hash bytea NOT NULL DEFAULT '',
    ADD COLUMN rests_hash  bytea NOT NULL DEFAULT '';
ALTER TABLE pending_resources ADD COLUMN judge_only boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE pending_resources DROP COLUMN judge_only;
ALTER TABLE derived_facts DROP COLUMN hash, DROP COLUMN passes_hash, DROP COLUMN rests_hash;
