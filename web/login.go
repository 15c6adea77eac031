package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/plumbline-posture/plumbline/api/auth"
)

type loginPage struct {
	frame
	Next    string
	Refused bool
}

var loginHTML = parse[loginPage]("login.html")

// login asks for a token.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	if _, ok := auth.From(r.Context()); ok {
		http.Redirect(w, r, within(r.URL.Query().Get("next")), http.StatusSeeOther)
		return nil
	}
	return s.askToken(w, r, within(r.URL.Query().Get("next")), false)
}

func (s *Server) askToken(w http.ResponseWriter, r *http.Request, next string, refused bool) error {
	f, err := s.newFrame(r, "", "Sign in")
	if err != nil {
		return err
	}
	status := http.StatusOK
	if refused {
		status = http.StatusUnauthorized
	}
	return loginHTML.renderStatus(w, status, loginPage{frame: f, Next: next, Refused: refused})
}

// signIn exchanges a token for a session and goes where the reader wanted to.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return badRequest("The form could not be read.")
	}
	next := within(r.PostForm.Get("next"))
	err := s.auth.SignIn(w, r, strings.TrimSpace(r.PostForm.Get("token")))
	if errors.Is(err, auth.ErrRefused) {
		return s.askToken(w, r, next, true)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// signOut ends the session.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	s.auth.SignOut(w, r)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// signedIn sends people who are not signed in to where they can be.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := auth.From(r.Context()); ok {
			next.ServeHTTP(w, r)
			return
		}
		target := "/login"
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			target += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
		}
		http.Redirect(w, r, target, http.StatusSeeOther)
	})
}

// within returns an address of this service, or the overview: a link must not lead a visitor away after signing in.
func within(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsAny(target, "\\\r\n\t") {
		return "/"
	}
	return target
}
