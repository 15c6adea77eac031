package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/plumbline-posture/plumbline/store"
)

// once does a creation, or gives the answer it gave before under the same key. Without a key it just does it. redact
// takes out of the answer what must not be kept; nil keeps it whole.
func once[B any](ctx context.Context, s *Server, key, deed string, request any, do func() (B, error), redact func(B) B) (B, error) {
	var none B
	if key == "" {
		return do()
	}
	asked, err := json.Marshal([]any{deed, request})
	if err != nil {
		return none, fmt.Errorf("%s: %w", deed, err)
	}
	hash := sha256.Sum256(asked)
	var first store.Remembered
	err = s.in(ctx, func(tx store.Tx) (err error) {
		first, err = tx.RememberKey(ctx, key, hash[:], s.now())
		return err
	})
	if err != nil {
		return none, err
	}
	if first.Status != 0 {
		var again B
		if err := json.Unmarshal(first.Response, &again); err != nil {
			return none, fmt.Errorf("%s: read the first answer: %w", deed, err)
		}
		return again, nil
	}
	body, err := do()
	if err != nil {
		// The key is given back even when the caller has gone away meanwhile.
		back := s.in(context.WithoutCancel(ctx), func(tx store.Tx) error { return tx.ForgetKey(context.WithoutCancel(ctx), key) })
		return none, errors.Join(err, back)
	}
	kept := body
	if redact != nil {
		kept = redact(body)
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return none, fmt.Errorf("%s: %w", deed, err)
	}
	err = s.in(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return tx.AnswerKey(context.WithoutCancel(ctx), key, http.StatusOK, raw)
	})
	return body, err
}
