package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Token is what lets a caller in. The secret itself is never kept, only its SHA-256.
type Token struct {
	ID        uuid.UUID
	Name      string
	Role      string
	CreatedAt time.Time
	ExpiresAt *time.Time
	RevokedAt *time.Time
}

// Bearer is the token that a caller has shown, and whose it is.
type Bearer struct {
	TenantID uuid.UUID
	Token
	Hash []byte
}

// TokenByHash finds the token whose secret has the hash, whoever it belongs to. Row security shows this transaction
// that one row and nothing else. It returns ErrNotFound when there is none; whether it still holds is for the caller.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (Bearer, error) {
	var b Bearer
	err := inTxWith(ctx, s.pool, "plumbline.token", hex.EncodeToString(hash), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT tenant_id, id, name, role, hash, created_at, expires_at, revoked_at
			FROM   tokens
			WHERE  hash = @hash`, pgx.StrictNamedArgs{"hash": hash})
		if err != nil {
			return fmt.Errorf("token: %w", err)
		}
		b, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Bearer])
		return missing("token", err)
	})
	return b, err
}

// CreateToken keeps a token under the hash of its secret.
func (tx Tx) CreateToken(ctx context.Context, t Token, hash []byte) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO tokens (tenant_id, id, name, role, hash, created_at, expires_at)
		VALUES (@tenant, @id, @name, @role, @hash, @created, @expires)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": t.ID, "name": t.Name, "role": t.Role, "hash": hash,
			"created": t.CreatedAt, "expires": t.ExpiresAt})
	if err != nil {
		return fmt.Errorf("create token: %w", err)
	}
	return nil
}

// RevokeToken ends a token at once. It returns ErrNotFound when there is none or it is revoked already.
func (tx Tx) RevokeToken(ctx context.Context, id uuid.UUID, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE tokens SET revoked_at = @at WHERE tenant_id = @tenant AND id = @id AND revoked_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": at})
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("revoke token %s: %w", id, ErrNotFound)
	}
	return nil
}

// tokenCursor is where a list of tokens stopped.
type tokenCursor struct {
	CreatedAt time.Time
	ID        uuid.UUID
}

// Tokens lists the tokens that are not revoked, oldest first; expired ones are among them.
func (tx Tx) Tokens(ctx context.Context, p Page) ([]Token, string, error) {
	var after tokenCursor
	if err := decodeCursor("tokens", p.Cursor, &after); err != nil {
		return nil, "", err
	}
	rows, err := tx.Query(ctx, `
		SELECT id, name, role, created_at, expires_at, revoked_at
		FROM   tokens
		WHERE  tenant_id = @tenant AND revoked_at IS NULL AND (created_at, id) > (@created, @id::uuid)
		ORDER  BY created_at, id
		LIMIT  @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "created": after.CreatedAt, "id": after.ID, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("tokens: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Token])
	if err != nil {
		return nil, "", fmt.Errorf("tokens: %w", err)
	}
	return cut("tokens", found, p.limit(), func(t Token) any { return tokenCursor{t.CreatedAt, t.ID} })
}

// TokenCount is the number of tokens that are not revoked.
func (tx Tx) TokenCount(ctx context.Context) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM tokens WHERE tenant_id = @tenant AND revoked_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant}).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count of tokens: %w", err)
	}
	return n, nil
}
