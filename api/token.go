package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/store"
)

type showMeOut struct {
	Body struct {
		Tenant struct {
			ID   uuid.UUID `json:"id" format:"uuid"`
			Name string    `json:"name"`
			Demo bool      `json:"demo"`
		} `json:"tenant"`
		Name string    `json:"name" doc:"Of the token."`
		Role auth.Role `json:"role" enum:"reader,editor,admin"`
	}
}

func (s *Server) showMe(ctx context.Context, _ *struct{}) (*showMeOut, error) {
	out, id := &showMeOut{}, identity(ctx)
	out.Body.Name, out.Body.Role = id.Name, id.Role
	err := s.in(ctx, func(tx store.Tx) error {
		t, err := tx.OwnTenant(ctx)
		out.Body.Tenant.ID, out.Body.Tenant.Name, out.Body.Tenant.Demo = t.ID, t.Name, t.Demo
		return err
	})
	return out, err
}

// Token is what lets a caller in, without its secret.
type Token struct {
	ID        uuid.UUID  `json:"id" format:"uuid"`
	Name      string     `json:"name"`
	Role      auth.Role  `json:"role" enum:"reader,editor,admin"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at" doc:"Null when it does not expire."`
}

func newToken(t store.Token) Token {
	return Token{ID: t.ID, Name: t.Name, Role: auth.Role(t.Role), CreatedAt: utc(t.CreatedAt), ExpiresAt: utcOrNil(t.ExpiresAt)}
}

type listTokensIn struct{ Paging }

// listTokens lists the tokens that are not revoked, without their secrets, which nobody has.
func (s *Server) listTokens(ctx context.Context, in *listTokensIn) (*listOut[Token], error) {
	var out *listOut[Token]
	err := s.in(ctx, func(tx store.Tx) error {
		found, next, err := tx.Tokens(ctx, in.page())
		if err != nil {
			return err
		}
		total, err := tx.TokenCount(ctx)
		out = newPage(found, next, total, newToken)
		return err
	})
	return out, err
}

type newTokenBody struct {
	Name      string     `json:"name" minLength:"1" maxLength:"200" doc:"Who or what will use it."`
	Role      auth.Role  `json:"role" enum:"reader,editor,admin"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Left out: it does not expire."`
}

type createTokenIn struct {
	Keyed
	Body newTokenBody
}

type createdToken struct {
	Token
	Secret string `json:"secret,omitempty" doc:"What the caller sends. It is shown this once and kept nowhere, so a repetition under the same key does not hold it."`
}

type createTokenOut struct{ Body createdToken }

// createToken makes a token and shows its secret once.
func (s *Server) createToken(ctx context.Context, in *createTokenIn) (*createTokenOut, error) {
	if in.Body.ExpiresAt != nil && !in.Body.ExpiresAt.After(s.now()) {
		return nil, invalid("body.expires_at", "must lie ahead", in.Body.ExpiresAt)
	}
	body, err := once(ctx, s, in.Key, "create-token", in.Body, func() (createdToken, error) {
		secret, hash := auth.NewSecret()
		// The database keeps microseconds; what is answered now must be what is listed later.
		created := s.now().Truncate(time.Microsecond)
		t := store.Token{ID: uuid.New(), Name: in.Body.Name, Role: string(in.Body.Role), CreatedAt: created, ExpiresAt: in.Body.ExpiresAt}
		err := s.in(ctx, func(tx store.Tx) error { return tx.CreateToken(ctx, t, hash) })
		return createdToken{newToken(t), secret}, err
	}, func(t createdToken) createdToken {
		t.Secret = ""
		return t
	})
	return &createTokenOut{Body: body}, err
}

// revokeToken ends a token at once, and every session that rests on it.
func (s *Server) revokeToken(ctx context.Context, in *ByID) (*struct{}, error) {
	return nil, s.in(ctx, func(tx store.Tx) error { return tx.RevokeToken(ctx, in.ID, s.now()) })
}
