// Package auth says who is asking and for which tenant, by bearer token or by the session of a browser. It knows tokens
// by their hash only, and it must not know what any route does.
package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/store"
)

// Role says what a caller may do. Each role may do what the one before it may.
type Role string

// The roles: to read; to run collections and connect scopes; to hand out tokens.
const (
	Reader Role = "reader"
	Editor Role = "editor"
	Admin  Role = "admin"
)

// Allows says whether the role may do what asks for another. A role nobody declared allows nothing.
func (r Role) Allows(other Role) bool {
	rank := map[Role]int{Reader: 1, Editor: 2, Admin: 3}
	return rank[r] > 0 && rank[r] >= rank[other]
}

// Identity is who is asking.
type Identity struct {
	Tenant uuid.UUID
	Role   Role
	// Name is the token's name; it goes into what is recorded about a deed.
	Name string
	// Token is the id of the token, the nil id for an anonymous caller on loopback.
	Token uuid.UUID
	// Session says that the caller came by a cookie, so that there is something to sign out of.
	Session bool
}

// ErrRefused is returned for a token that opens nothing.
var ErrRefused = errors.New("the token opens nothing: it is unknown, expired or revoked")

// Cookie is the name of the session cookie. It holds the token, out of reach of scripts, so revoking the token ends the
// session too.
const Cookie = "plumbline_session"

// sessionKept is how long a browser keeps the session.
const sessionKept = 30 * 24 * time.Hour

// Options say how callers are let in.
type Options struct {
	// Anonymous, when not the nil id, is the tenant whose administrator every caller on loopback is. It is for a service
	// that listens on loopback only, before the first token exists.
	Anonymous uuid.UUID
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger takes faults of the look-up; nil means slog.Default.
	Logger *slog.Logger
}

// Auth identifies callers.
type Auth struct {
	store     *store.Store
	anonymous uuid.UUID
	now       func() time.Time
	log       *slog.Logger
}

// New returns an Auth over the tokens of the store.
func New(s *store.Store, o Options) *Auth {
	a := &Auth{store: s, anonymous: o.Anonymous, now: o.Now, log: o.Logger}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	return a
}

// identityKey is where the context keeps who is asking.
type identityKey struct{}

// From returns who is asking, and false when nobody is known.
func From(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(Identity)
	return id, ok
}

// With returns a context in which the identity is asking.
func With(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

// Identify finds out who is asking and puts it into the context. It refuses nobody: a caller it does not know goes on
// without an identity, and each route says whether it wants one.
func (a *Auth) Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := a.identify(r)
		switch {
		case err == nil:
			r = r.WithContext(With(r.Context(), id))
		case !errors.Is(err, ErrRefused):
			a.log.ErrorContext(r.Context(), "look up a token", "error", err)
		}
		next.ServeHTTP(w, r)
	})
}

func (a *Auth) identify(r *http.Request) (Identity, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Identity{}, ErrRefused
		}
		return a.bearer(r.Context(), strings.TrimSpace(secret))
	}
	if cookie, err := r.Cookie(Cookie); err == nil && cookie.Value != "" {
		id, err := a.bearer(r.Context(), cookie.Value)
		id.Session = true
		if err == nil || a.anonymous == uuid.Nil {
			return id, err
		}
	}
	if a.anonymous != uuid.Nil && onLoopback(r) {
		return Identity{Tenant: a.anonymous, Role: Admin, Name: "this machine"}, nil
	}
	return Identity{}, ErrRefused
}

// bearer looks a secret up by its hash. What the database compared is compared once more in constant time, so that the
// answer does not rest on how an index compares.
func (a *Auth) bearer(ctx context.Context, secret string) (Identity, error) {
	if len(secret) > maxSecret {
		return Identity{}, ErrRefused
	}
	hash := sha256.Sum256([]byte(secret))
	t, err := a.store.TokenByHash(ctx, hash[:])
	if errors.Is(err, store.ErrNotFound) {
		return Identity{}, ErrRefused
	}
	if err != nil {
		return Identity{}, err
	}
	expired := t.ExpiresAt != nil && !a.now().Before(*t.ExpiresAt)
	if subtle.ConstantTimeCompare(t.Hash, hash[:]) != 1 || t.RevokedAt != nil || expired {
		return Identity{}, ErrRefused
	}
	return Identity{Tenant: t.TenantID, Role: Role(t.Role), Name: t.Name, Token: t.ID}, nil
}

// onLoopback says whether a request comes from this machine and was meant for it. The host has to be a loopback one as
// well, or a page of a stranger could reach the service by a name that it points here; and what a proxy forwards comes
// from elsewhere.
func onLoopback(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || (err == nil && address.Unmap().IsLoopback())
}

// SignIn exchanges a token for a session cookie. It returns ErrRefused when the token opens nothing.
func (a *Auth) SignIn(w http.ResponseWriter, r *http.Request, token string) error {
	if _, err := a.bearer(r.Context(), token); err != nil {
		return err
	}
	http.SetCookie(w, a.cookie(r, token, int(sessionKept.Seconds())))
	return nil
}

// SignOut ends the session of the browser; the token stays as it is.
func (a *Auth) SignOut(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, a.cookie(r, "", -1))
}

func (a *Auth) cookie(r *http.Request, value string, age int) *http.Cookie {
	secure := r.TLS != nil || !onLoopback(r)
	return &http.Cookie{Name: Cookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
}
