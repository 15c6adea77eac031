package mototest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Said is a hand-made answer to every call of an operation, in the service's own format.
type Said struct {
	Service, Operation, Body string
}

// Say lets the proxy give these answers in the lab's place, from now on.
func (p *Proxy) Say(answers ...Said) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said == nil {
		p.said = map[[2]string]string{}
	}
	for _, a := range answers {
		p.said[[2]string{a.Service, a.Operation}] = a.Body
	}
}

// Unheard are the hand-made answers that nothing asked for.
func (p *Proxy) Unheard() []Call {
	asked := map[[2]string]bool{}
	for _, c := range p.Calls() {
		asked[[2]string{c.Service, c.Operation}] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Call
	for c := range p.said {
		if !asked[c] {
			out = append(out, Call{Service: c[0], Operation: c[1]})
		}
	}
	return out
}

// saidTo is the hand-made answer to a call.
func (p *Proxy) saidTo(c Call) (body string, there bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, there = p.said[[2]string{c.Service, c.Operation}]
	return body, there
}

// told is a hand-made answer as the service would write it. A service that speaks CBOR has its answers written as JSON.
func told(r *http.Request, c Call, body string) answer {
	if r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		header := http.Header{"Content-Type": {contentType(protocolOf(r, c))}}
		return answer{http.StatusOK, header, []byte(body)}
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		return answer{status: http.StatusBadGateway}
	}
	header := http.Header{"Content-Type": {"application/cbor"}, "Smithy-Protocol": {"rpc-v2-cbor"}}
	return answer{http.StatusOK, header, cbor.Encode(asCBOR(value))}
}

func asCBOR(value any) cbor.Value {
	switch v := value.(type) {
	case map[string]any:
		out := cbor.Map{}
		for name, inner := range v {
			out[name] = asCBOR(inner)
		}
		return out
	case []any:
		out := cbor.List{}
		for _, inner := range v {
			out = append(out, asCBOR(inner))
		}
		return out
	case float64:
		return cbor.Float64(v)
	case bool:
		return cbor.Bool(v)
	case string:
		return cbor.String(v)
	default:
		return &cbor.Nil{}
	}
}

// ReadSaid reads a file of answers, each under a line "-- service.Operation --"; what stands before the first is for
// people. Names in $() are replaced by what fill makes of them.
func ReadSaid(name string, fill func(name string) (string, error)) ([]Said, error) {
	raw, err := os.ReadFile(name) // #nosec G304 -- a file of the project
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	var out []Said
	for line := range strings.Lines(string(raw)) {
		head, ends := strings.CutSuffix(strings.TrimSpace(line), " --")
		if title, begins := strings.CutPrefix(head, "-- "); begins && ends {
			service, operation, _ := strings.Cut(title, ".")
			out = append(out, Said{Service: service, Operation: operation})
		} else if len(out) > 0 {
			out[len(out)-1].Body += line
		}
	}
	for i := range out {
		if out[i].Body, err = filled(out[i].Body, fill); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", out[i].Operation, name, err)
		}
	}
	return out, nil
}

// filled replaces each $(name). A moment is a number where a string would stand.
func filled(body string, fill func(string) (string, error)) (string, error) {
	for {
		before, rest, there := strings.Cut(body, "$(")
		if !there {
			return body, nil
		}
		name, after, there := strings.Cut(rest, ")")
		if !there {
			return "", fmt.Errorf("%.20s: the name has no end", rest)
		}
		value, err := fill(name)
		if err != nil {
			return "", err
		}
		if name == "now" {
			before, after = strings.TrimSuffix(before, `"`), strings.TrimPrefix(after, `"`)
		}
		body = before + value + after
	}
}
