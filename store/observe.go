package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// Observed is one resource as it was seen, with the answers its facts were made from.
type Observed struct {
	Resource *inventory.Resource
	// Listing is the region of the ledger row that lists it.
	Listing string
	Answers []byte
}

// compressor packs answers; it is safe for concurrent use.
var compressor = func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // only wrong options fail, and these are constant
	}
	return e
}()

// The inventory has two sides: observations of any scope may be written together, each scope by one writer at a time,
// but nothing is settled meanwhile. Otherwise a resource could change between the moment a derivation looked at it and
// the moment it is known that the derivation rests on it. Statements are planned anew on either side: the tables grow a
// thousandfold while a first run writes to them, and a plan kept from their first rows would read them as a whole.
const (
	toObserve = `SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
		pg_advisory_xact_lock_shared(hashtextextended('inventory ' || $1::text, 0)),
		pg_advisory_xact_lock(hashtextextended('scope ' || $1::text || $2::text, 0))`
	toSettle = `SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
		pg_advisory_xact_lock(hashtextextended('inventory ' || $1::text, 0))`
)

// lockScope lets the transaction write observations of a scope.
func (tx Tx) lockScope(ctx context.Context, scope uuid.UUID) error {
	if _, err := tx.Exec(ctx, toObserve, tx.tenant, scope); err != nil {
		return fmt.Errorf("lock the scope: %w", err)
	}
	return nil
}

// planAnew has the transaction's statements planned anew, as those of either side are.
func (tx Tx) planAnew(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `SELECT set_config('plan_cache_mode', 'force_custom_plan', true)`); err != nil {
		return fmt.Errorf("plan anew: %w", err)
	}
	return nil
}

// lockInventory lets the transaction settle.
func (tx Tx) lockInventory(ctx context.Context) error {
	if _, err := tx.Exec(ctx, toSettle, tx.tenant); err != nil {
		return fmt.Errorf("lock the inventory: %w", err)
	}
	return nil
}

// Prepared is an observation that has been encoded and hashed, which needs no transaction.
type Prepared struct {
	Observed
	id    uuid.UUID
	facts []byte
	hash  []byte
}

// present is what the inventory holds of a resource already.
type present struct {
	ID         uuid.UUID
	Hash       []byte
	ObservedAt time.Time
}

// Observe keeps observations of a scope's resources and makes due what they touch. Hashes are compared first: an
// observation that changes nothing is not written. One that is older than what is known of its resource is dropped. It
// returns how many resources are new or changed. confirm also notes the moment of an observation that changed nothing,
// as a single changed resource needs and a whole listing does not.
func (tx Tx) Observe(ctx context.Context, scope, run uuid.UUID, batch []Observed, confirm bool) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	in, err := Prepare(batch)
	if err != nil {
		return 0, err
	}
	return tx.Keep(ctx, scope, run, in, confirm)
}

// Keep does what Observe does with observations that were prepared before the transaction: batches of one scope wait
// for one another, and need not wait for each other's encoding.
func (tx Tx) Keep(ctx context.Context, scope, run uuid.UUID, batch []Prepared, confirm bool) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	if err := tx.lockScope(ctx, scope); err != nil {
		return 0, err
	}
	in := newest(batch)
	fresh, changed, same, err := tx.sort(ctx, scope, in)
	if err != nil {
		return 0, err
	}
	if err := tx.replace(ctx, scope, run, fresh, changed); err != nil {
		return 0, err
	}
	if confirm {
		if err := tx.confirm(ctx, same); err != nil {
			return 0, err
		}
	}
	return len(fresh) + len(changed), nil
}

// Prepare encodes and hashes observations.
func Prepare(batch []Observed) ([]Prepared, error) {
	in := make([]Prepared, len(batch))
	for i, o := range batch {
		facts, err := o.Resource.EncodeFacts()
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", o.Resource.ID, err)
		}
		in[i] = Prepared{Observed: o, id: ResourceID(o.Resource.ID), facts: facts}
		if in[i].hash, err = in[i].digest(); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// newest leaves one observation of each resource: of two the later stands.
func newest(batch []Prepared) []Prepared {
	at := make(map[uuid.UUID]int, len(batch))
	in := make([]Prepared, 0, len(batch))
	for _, one := range batch {
		i, twice := at[one.id]
		switch {
		case !twice:
			at[one.id] = len(in)
			in = append(in, one)
		case in[i].Resource.ObservedAt.Before(one.Resource.ObservedAt):
			in[i] = one
		}
	}
	return in
}

// digest is the content hash: everything but the moment of observation.
func (i Prepared) digest() ([]byte, error) {
	h := sha256.New()
	r := i.Resource
	err := json.NewEncoder(h).Encode([]any{r.Kind, r.Class, r.Region, r.Name, r.Labels, r.CarriesLabels, r.Placeholder, i.Listing})
	if err != nil {
		return nil, fmt.Errorf("hash %s: %w", r.ID, err)
	}
	_, _ = h.Write(i.facts)
	_, _ = h.Write(i.Answers)
	return h.Sum(nil)[:16], nil
}

// sort tells what is new, what changed, and what is the same. Late observations are in none of them: those from before
// the row's own observation, before a complete listing that has been kept since, or before the resource was removed.
func (tx Tx) sort(ctx context.Context, scope uuid.UUID, in []Prepared) (fresh, changed []Prepared, same []Prepared, err error) {
	known, err := tx.present(ctx, in)
	if err != nil {
		return nil, nil, nil, err
	}
	listed, err := tx.completeListings(ctx, scope)
	if err != nil {
		return nil, nil, nil, err
	}
	gone, err := tx.goneSince(ctx, in, known)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, i := range in {
		seen := i.Resource.ObservedAt
		p, there := known[i.id]
		switch {
		case seen.Before(listed[[2]string{string(i.Resource.Kind), i.Listing}]):
		case !there && !seen.After(gone[i.id]):
		case !there:
			fresh = append(fresh, i)
		case bytes.Equal(p.Hash, i.hash):
			same = append(same, i)
		case seen.After(p.ObservedAt):
			changed = append(changed, i)
		}
	}
	return fresh, changed, same, nil
}

func (tx Tx) present(ctx context.Context, in []Prepared) (map[uuid.UUID]present, error) {
	ids := make([]uuid.UUID, len(in))
	for n, i := range in {
		ids[n] = i.id
	}
	rows, err := tx.Query(ctx, `
		SELECT k.id, r.hash, r.observed_at
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (SELECT hash, observed_at FROM resources WHERE tenant_id = @tenant AND id = k.id LIMIT 1) r`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("known resources: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[present])
	if err != nil {
		return nil, fmt.Errorf("known resources: %w", err)
	}
	out := make(map[uuid.UUID]present, len(found))
	for _, p := range found {
		out[p.ID] = p
	}
	return out, nil
}

// completeListings tells when the last complete listing of each kind and region of the scope began.
func (tx Tx) completeListings(ctx context.Context, scope uuid.UUID) (map[[2]string]time.Time, error) {
	rows, err := tx.Query(ctx, `
		SELECT kind, region, complete_at FROM listings
		WHERE  tenant_id = @tenant AND scope_id = @scope AND complete_at IS NOT NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scope": scope})
	if err != nil {
		return nil, fmt.Errorf("complete listings: %w", err)
	}
	out := map[[2]string]time.Time{}
	var kind, region string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&kind, &region, &at}, func() error {
		out[[2]string{kind, region}] = at
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("complete listings: %w", err)
	}
	return out, nil
}

// goneSince tells when those that are not in the inventory were removed from it, if ever.
func (tx Tx) goneSince(ctx context.Context, in []Prepared, known map[uuid.UUID]present) (map[uuid.UUID]time.Time, error) {
	var ids []uuid.UUID
	for _, i := range in {
		if _, there := known[i.id]; !there {
			ids = append(ids, i.id)
		}
	}
	out := map[uuid.UUID]time.Time{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := tx.Query(ctx, `
		SELECT k.id, v.valid_to
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (
		       SELECT valid_to FROM resource_versions
		       WHERE  tenant_id = @tenant AND id = k.id AND gone
		       ORDER  BY valid_from DESC
		       LIMIT  1) v`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("removed resources: %w", err)
	}
	var id uuid.UUID
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		out[id] = at
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("removed resources: %w", err)
	}
	return out, nil
}

// replace ends the versions that stood, writes the new ones and makes due what either touches.
func (tx Tx) replace(ctx context.Context, scope, run uuid.UUID, fresh, changed []Prepared) error {
	if len(fresh)+len(changed) == 0 {
		return nil
	}
	var ids []uuid.UUID
	var ends []time.Time
	for _, i := range changed {
		ids, ends = append(ids, i.id), append(ends, i.Resource.ObservedAt)
	}
	before, err := tx.resourcesByID(ctx, ids)
	if err != nil {
		return err
	}
	if err := tx.endVersions(ctx, ids, ends, false); err != nil {
		return err
	}
	if err := tx.write(ctx, scope, run, append(fresh, changed...)); err != nil {
		return err
	}
	var newIDs []uuid.UUID
	var keys []evaluator.Key
	for _, i := range fresh {
		newIDs = append(newIDs, i.id)
		keys = append(keys, evaluator.KeysOf(nil, i.Resource)...)
	}
	for _, i := range changed {
		keys = append(keys, evaluator.KeysOf(before[i.id], i.Resource)...)
	}
	if err := tx.due(ctx, newIDs, evaluator.CauseNewResource); err != nil {
		return err
	}
	if err := tx.due(ctx, ids, ""); err != nil {
		return err
	}
	return tx.touch(ctx, keys)
}

// endVersions copies the present rows to the past. Each ends at its moment.
func (tx Tx) endVersions(ctx context.Context, ids []uuid.UUID, ends []time.Time, gone bool) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO resource_versions (tenant_id, id, valid_from, valid_to, gone, scope_id, kind, class, region, natural_id, name,
		       labels, carries_labels, placeholder, first_seen_at, observed_at, run_id, hash, facts, answers)
		SELECT r.tenant_id, r.id, r.valid_from, greatest(e.valid_to, r.valid_from), @gone, r.scope_id, r.kind, r.class, r.region,
		       r.natural_id, r.name, r.labels, r.carries_labels, r.placeholder, r.first_seen_at, r.observed_at, r.run_id, r.hash,
		       r.facts, r.answers
		FROM   resources r
		JOIN   unnest(@ids::uuid[], @ends::timestamptz[]) AS e (id, valid_to) ON e.id = r.id
		WHERE  r.tenant_id = @tenant
		ON CONFLICT (tenant_id, id, valid_from) DO UPDATE SET valid_to = excluded.valid_to, gone = excluded.gone`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids, "ends": ends, "gone": gone})
	if err != nil {
		return fmt.Errorf("end resource versions: %w", err)
	}
	return nil
}

// confirm notes that resources were seen unchanged.
func (tx Tx) confirm(ctx context.Context, same []Prepared) error {
	ids, seen := make([]uuid.UUID, len(same)), make([]time.Time, len(same))
	for n, i := range same {
		ids[n], seen[n] = i.id, i.Resource.ObservedAt
	}
	_, err := tx.Exec(ctx, `
		UPDATE resources r SET observed_at = s.observed_at
		FROM   unnest(@ids::uuid[], @seen::timestamptz[]) AS s (id, observed_at)
		WHERE  r.tenant_id = @tenant AND r.id = s.id AND r.observed_at < s.observed_at`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids, "seen": seen})
	if err != nil {
		return fmt.Errorf("confirm resources: %w", err)
	}
	return nil
}

// ToldByChanges are the ids of a scope's resources that were asked about by themselves since a moment, because something
// had changed: no collection wrote them, or one was confirmed after it was written, which collections do not do.
func (tx Tx) ToldByChanges(ctx context.Context, scope uuid.UUID, since time.Time) ([]string, error) {
	rows, err := tx.Query(ctx, `
		SELECT natural_id FROM resources
		WHERE  tenant_id = @tenant AND scope_id = @scope AND observed_at >= @since
		AND    (run_id IS NULL OR run_id = @none OR observed_at > valid_from)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scope": scope, "since": since, "none": uuid.Nil})
	if err != nil {
		return nil, fmt.Errorf("what changes told: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("what changes told: %w", err)
	}
	return ids, nil
}

// due notes resources whose verdicts have to be worked out again.
func (tx Tx) due(ctx context.Context, ids []uuid.UUID, cause evaluator.Cause) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO pending_resources (tenant_id, resource_id, cause)
		SELECT @tenant, unnest(@ids::uuid[]), @cause
		ON CONFLICT (tenant_id, resource_id) DO UPDATE SET judge_only = false WHERE pending_resources.judge_only`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids, "cause": string(cause)})
	if err != nil {
		return fmt.Errorf("note what is due: %w", err)
	}
	return nil
}

// touch makes due what rests on any of the keys.
func (tx Tx) touch(ctx context.Context, keys []evaluator.Key) error {
	if len(keys) == 0 {
		return nil
	}
	numbers := make([]int64, len(keys))
	for i, k := range keys {
		numbers[i] = int64(k)
	}
	// Most resources of a batch carry labels of the same few names.
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	_, err := tx.Exec(ctx, `
		INSERT INTO pending_resources (tenant_id, resource_id, cause)
		SELECT tenant_id, resource_id, '' FROM derived_facts
		WHERE  tenant_id = @tenant AND rests_on && @keys::bigint[]
		ON CONFLICT (tenant_id, resource_id) DO UPDATE SET judge_only = false WHERE pending_resources.judge_only`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "keys": numbers})
	if err != nil {
		return fmt.Errorf("note what rests on a change: %w", err)
	}
	return nil
}
