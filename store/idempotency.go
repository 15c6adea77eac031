package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrKeyReused is returned when an idempotency key comes back with another request.
var ErrKeyReused = errors.New("the idempotency key was used for another request; send a new key")

// ErrKeyBusy is returned while the first request under a key is still under way.
var ErrKeyBusy = errors.New("the first request with this idempotency key is still under way; ask again in a moment")

// A key is kept for a day. A request that died without an answer gives its key back after a minute.
const (
	keyKept    = 24 * time.Hour
	keyAbandon = time.Minute
)

// Remembered is the first answer under a key. Status 0 means that the caller is the first and must answer.
type Remembered struct {
	Status   int
	Response []byte
}

// RememberKey takes an idempotency key for a request, of which it is given a hash. The first caller gets the zero
// Remembered; later ones get the first answer, ErrKeyBusy or ErrKeyReused. Concurrent callers wait for one another on
// the row.
func (tx Tx) RememberKey(ctx context.Context, key string, request []byte, at time.Time) (Remembered, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE tenant_id = @tenant AND created_at < @old`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "old": at.Add(-keyKept)}); err != nil {
		return Remembered{}, fmt.Errorf("forget old idempotency keys: %w", err)
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO idempotency_keys AS k (tenant_id, key, request, created_at)
		VALUES (@tenant, @key, @request, @at)
		ON CONFLICT (tenant_id, key) DO UPDATE
		SET    created_at = excluded.created_at
		WHERE  k.status = 0 AND k.request = excluded.request AND k.created_at < @abandoned`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "key": key, "request": request, "at": at, "abandoned": at.Add(-keyAbandon)})
	if err != nil {
		return Remembered{}, fmt.Errorf("take idempotency key: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return Remembered{}, nil
	}
	var first Remembered
	var asked []byte
	err = tx.QueryRow(ctx, `SELECT status, response, request FROM idempotency_keys WHERE tenant_id = @tenant AND key = @key`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "key": key}).Scan(&first.Status, &first.Response, &asked)
	switch {
	case err != nil:
		return Remembered{}, missing("idempotency key", err)
	case !bytes.Equal(asked, request):
		return Remembered{}, ErrKeyReused
	case first.Status == 0:
		return Remembered{}, ErrKeyBusy
	}
	return first, nil
}

// AnswerKey keeps the answer under a key. It must hold no secret.
func (tx Tx) AnswerKey(ctx context.Context, key string, status int, response []byte) error {
	_, err := tx.Exec(ctx, `UPDATE idempotency_keys SET status = @status, response = @response WHERE tenant_id = @tenant AND key = @key`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "key": key, "status": status, "response": response})
	if err != nil {
		return fmt.Errorf("keep the answer under an idempotency key: %w", err)
	}
	return nil
}

// ForgetKey gives a key back after the request under it failed, so that it can be tried again.
func (tx Tx) ForgetKey(ctx context.Context, key string) error {
	_, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE tenant_id = @tenant AND key = @key AND status = 0`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "key": key})
	if err != nil {
		return fmt.Errorf("give an idempotency key back: %w", err)
	}
	return nil
}
