package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/store"
)

func TestEveryLinkKeepsTheDate(t *testing.T) {
	t.Parallel()
	s := full(t)
	resource := "/inventory/" + store.ResourceID("arn:aws:s3:::shop-exports").String()
	for _, path := range []string{"/", "/history", "/controls", "/controls/iso27001-2022/A.8.24", "/findings",
		"/findings?severity=critical&verdict=fail",
		"/inventory", resource, "/scopes", "/scopes/" + store.ScopeKey(string(shop)).String(), "/checks", "/checks/object-storage-tls-required", "/search?q=shop"} {
		address, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		q := address.Query()
		q.Set("as_of", "2026-11-22")
		address.RawQuery = q.Encode()
		doc := s.get(t, address.String())
		has(t, doc, ".band.past", "22 November 2026, 23:59 UTC")
		doc.Find(`a[href^="/"]`).Each(func(_ int, e *selection) {
			href := e.AttrOr("href", "")
			if !strings.Contains(href, "as_of=") && e.Text() != "Back to now" {
				t.Errorf("%s leads to %s, which forgets the date", path, href)
			}
		})
		if doc.Find(`main form[method="post"]`).Length() != 0 {
			t.Errorf("%s offers to change the past", path)
		}
	}
}

func TestThePastShowsWhatStoodThen(t *testing.T) {
	t.Parallel()
	s := full(t)
	hasNot(t, s.get(t, "/inventory?as_of=2026-11-01"), "tbody", "shop-exports")
	has(t, s.get(t, "/inventory?as_of=2026-11-21"), "tbody", "shop-exports")
	for _, wrong := range []string{"yesterday", "2027-01-01", "2026-13-01"} {
		s.page(t, "/?as_of="+wrong, http.StatusBadRequest)
	}
}

func TestDemoIsSaidOnEveryPage(t *testing.T) {
	t.Parallel()
	s := empty(t, func(o *Options) { o.Demo = true })
	for _, path := range []string{"/", "/controls", "/findings", "/inventory", "/scopes", "/checks", "/start",
		"/search"} {
		has(t, s.get(t, path), ".band", "Demonstration")
	}
	has(t, s.page(t, "/nowhere", http.StatusNotFound), ".band", "Demonstration")
}

func TestErrorsCarryTheirRequestAndNothingElse(t *testing.T) {
	t.Parallel()
	s := empty(t)
	w := s.do(near(http.MethodGet, "/nowhere", ""))
	if id := w.Header().Get("X-Request-Id"); w.Code != http.StatusNotFound || id == "" ||
		!strings.Contains(w.Body.String(), id) {
		t.Errorf("%d with request %q, which the page does not show", w.Code, id)
	}
	s.store.Close()
	w = s.do(near(http.MethodGet, "/findings", ""))
	body := w.Body.String()
	if w.Code != http.StatusInternalServerError || !strings.Contains(body, "Something went wrong on our side") {
		t.Errorf("a fault answered %d", w.Code)
	}
	if strings.Contains(body, "pool") || strings.Contains(body, "findings:") {
		t.Error("the page of a fault shows the fault")
	}
}

func TestHeadersAreStrict(t *testing.T) {
	t.Parallel()
	s := empty(t, func(o *Options) { o.Loopback = false })
	h := s.do(near(http.MethodGet, "/", "")).Header()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "private, no-store",
		"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000", "Server": "",
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, h.Get(name), want)
		}
	}
	if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
		t.Error("no permissions policy")
	}
	foreign := near(http.MethodPost, "/theme", "theme=dark")
	foreign.Header.Set("Origin", "https://elsewhere.example")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := s.do(foreign); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site answered %d, want 403", w.Code)
	}
}

func TestAssetsAreKeptByTheirContent(t *testing.T) {
	t.Parallel()
	s := empty(t)
	doc := s.get(t, "/")
	paths := 0
	doc.Find("link[href], script[src]").Each(func(_ int, e *selection) {
		path := e.AttrOr("href", e.AttrOr("src", ""))
		w := s.do(near(http.MethodGet, path, ""))
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") ||
			w.Header().Get("Content-Type") == "" {
			t.Errorf("%s answered %d, %v", path, w.Code, w.Header())
		}
		paths++
	})
	if paths < 4 {
		t.Errorf("%d static files on the overview, want 4 or more", paths)
	}
	if w := s.do(near(http.MethodGet, "/static/plumbline.css", "")); w.Code != http.StatusNotFound {
		t.Errorf("a name without a hash answered %d", w.Code)
	}
	if _, err := assetPath("nothing.js"); err == nil {
		t.Error("a file that does not exist has a path")
	}
}

func TestThemeIsRemembered(t *testing.T) {
	t.Parallel()
	s := empty(t)
	w := s.do(near(http.MethodPost, "/theme", "theme=dark&next=/checks"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/checks" {
		t.Fatalf("choosing answered %d to %s", w.Code, w.Header().Get("Location"))
	}
	r := near(http.MethodGet, "/", "")
	r.AddCookie(w.Result().Cookies()[0])
	doc := s.answer(t, r, http.StatusOK)
	if doc.Find("html").AttrOr("data-theme", "") != "dark" {
		t.Error("the theme is forgotten")
	}
	has(t, doc, `.themes [aria-pressed="true"]`, "Dark")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dsn(t))
	secret, hash := auth.NewSecret()
	w.in(t, func(ctx context.Context, tx store.Tx) error {
		return tx.CreateToken(ctx, store.Token{ID: uuid.New(), Name: "laptop", Role: string(auth.Editor),
			CreatedAt: today}, hash)
	})
	s := w.site(func(o *Options) { o.Auth = auth.New(w.store, auth.Options{Now: o.Now}) })
	away := s.do(near(http.MethodGet, "/findings?verdict=fail", ""))
	login := away.Header().Get("Location")
	if away.Code != http.StatusSeeOther || login != "/login?next=%2Ffindings%3Fverdict%3Dfail" {
		t.Fatalf("a stranger was sent by %d to %q", away.Code, login)
	}
	has(t, s.get(t, login), "h1", "Sign in")
	refused := s.answer(t, near(http.MethodPost, "/login", "token=plb_wrong"), http.StatusUnauthorized)
	has(t, refused, "[role=alert]", "This token opens nothing")
	in := s.do(near(http.MethodPost, "/login", url.Values{"token": {secret},
		"next": {"/findings?verdict=fail"}}.Encode()))
	if in.Code != http.StatusSeeOther || in.Header().Get("Location") != "/findings?verdict=fail" {
		t.Fatalf("signing in answered %d to %q", in.Code, in.Header().Get("Location"))
	}
	cookie := in.Result().Cookies()[0]
	if !cookie.HttpOnly {
		t.Error("scripts can read the session")
	}
	r := near(http.MethodGet, "/", "")
	r.AddCookie(cookie)
	has(t, s.answer(t, r, http.StatusOK), "button", "Sign out laptop")
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"https://elsewhere.example/", "//elsewhere.example", `/\elsewhere.example`,
		"javascript:alert(1)", ""} {
		if got := within(target); got != "/" {
			t.Errorf("within(%q) = %q", target, got)
		}
	}
	if got := within("/findings?q=a%2Fb"); got != "/findings?q=a%2Fb" {
		t.Errorf("an address of ours became %q", got)
	}
}

func TestTenantsStayApart(t *testing.T) {
	t.Parallel()
	address := dsn(t)
	full := newWorld(t, address)
	full.live(t, 1, 0)
	other := newWorld(t, address).site()
	has(t, other.get(t, "/findings"), ".empty h2", "Connect a first account")
	other.page(t, "/inventory/"+store.ResourceID("arn:aws:s3:::shop-exports").String(), http.StatusNotFound)
	other.page(t, "/scopes/"+store.ScopeKey(string(shop)).String(), http.StatusNotFound)
}

func TestPanicIsAnErrorPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dsn(t))
	site := w.site()
	s := &Server{store: w.store, catalogue: w.catalogue, auth: site.options.Auth, now: site.options.Now,
		log: site.options.Log}
	h := s.numbered(s.recovered(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret") })))
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, near(http.MethodGet, "/", ""))
	if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "a secret") {
		t.Errorf("a panic answered %d: %s", answer.Code, answer.Body)
	}
}
