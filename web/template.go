package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed pages/*.html
var pageFiles embed.FS

// funcs are the words and figures every template may use.
var funcs = template.FuncMap{
	"asset":    assetPath,
	"count":    count,
	"percent":  percent,
	"points":   points,
	"plural":   plural,
	"control":  controlMark,
	"verdict":  verdictMark,
	"state":    stateMark,
	"run":      runMark,
	"severity": severityLook,
	"listed":   listed,
	"cause":    unknownWord,
	"pair":     func(name, value string) pair { return pair{name, value} },
}

// shared holds what every page is made of: the frame and the parts that are drawn the same everywhere.
var shared = template.Must(template.New("").Funcs(funcs).Option("missingkey=error").
	ParseFS(pageFiles, "pages/layout.html", "pages/parts.html"))

// view is a template together with the type of what it shows.
type view[T any] struct{ t *template.Template }

// parse reads one page with the frame around it. A template that does not parse stops the program at its start.
func parse[T any](name string) view[T] {
	t := template.Must(shared.Clone())
	return view[T]{template.Must(t.ParseFS(pageFiles, "pages/"+name))}
}

// render writes the page. The buffer is filled first, so that a fault becomes a clean error page and never half a page.
func (v view[T]) render(w http.ResponseWriter, p T) error { return v.renderStatus(w, http.StatusOK, p) }

func (v view[T]) renderStatus(w http.ResponseWriter, status int, p T) error {
	var b bytes.Buffer
	if err := v.t.ExecuteTemplate(&b, "layout", p); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// An error here means that the reader has gone.
	_, _ = b.WriteTo(w)
	return nil
}
