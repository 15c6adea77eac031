package web

import (
	"net/http"
	"time"
)

const themeCookie = "plumbline_theme"

// themeOf is light, dark or system, as the visitor chose.
func themeOf(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || (c.Value != "light" && c.Value != "dark") {
		return "system"
	}
	return c.Value
}

// theme remembers a choice for those without scripts; with them the page sets the same cookie.
func (s *Server) theme(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return badRequest("The form could not be read.")
	}
	http.SetCookie(w, &http.Cookie{
		Name: themeCookie, Value: r.PostForm.Get("theme"), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, within(r.PostForm.Get("next")), http.StatusSeeOther)
	return nil
}
