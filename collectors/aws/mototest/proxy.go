package mototest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"

	"github.com/plumbline-posture/plumbline/collectors/kubernetes/kubernetestest"
)

// Call is one call to AWS.
type Call struct {
	Service, Operation, Region string
}

// Fault is what happens to a call instead of an answer.
type Fault int

// The faults. Pass is none.
const (
	Pass Fault = iota
	// Deny refuses for want of a right.
	Deny
	// Throttle asks for fewer calls.
	Throttle
	// Hang does not answer until the caller gives up.
	Hang
	// Garble answers with what nobody can read.
	Garble
)

// Proxy stands in front of a lab. Answers of the shared lab are kept: nothing in it changes, and a sweep asks the same
// hundreds of times.
type Proxy struct {
	URL string

	lab  *Lab
	keep bool

	mu    sync.Mutex
	calls map[Call]int
	fault func(Call) Fault
	said  map[[2]string]string
	// inside are the clusters whose inside was given by hand.
	inside map[string]*kubernetestest.Cluster
}

// Proxy puts a proxy in front of the lab. It ends with the test. Answers are kept when the lab is the shared one.
func (l *Lab) Proxy(t testing.TB) *Proxy {
	t.Helper()
	p := &Proxy{lab: l, keep: l == shared.lab, calls: map[Call]int{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Fault sets what happens to each call from now on; nil lets all pass.
func (p *Proxy) Fault(fault func(Call) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// Calls lists the calls seen so far, each once, in the order of service and operation.
func (p *Proxy) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[Call]bool{}
	for c := range p.calls {
		seen[Call{Service: c.Service, Operation: c.Operation}] = true
	}
	out := make([]Call, 0, len(seen))
	for c := range seen {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Service+out[i].Operation < out[j].Service+out[j].Operation })
	return out
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	call, cluster := identify(r, body), clusterOf(r)
	if cluster != "" {
		call = clusterCall(r)
	}
	p.mu.Lock()
	p.calls[call]++
	fault := p.fault
	p.mu.Unlock()
	kind := Pass
	if fault != nil {
		kind = fault(call)
	}
	switch {
	case kind == Hang:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
	case cluster != "":
		p.answerAs(cluster, kind, w, r)
	case kind == Pass:
		p.answer(r, call, body).write(w)
	default:
		refusal(call, protocolOf(r, call), kind).write(w)
	}
}

// answer is what is said by hand, or by the lab.
func (p *Proxy) answer(r *http.Request, call Call, body []byte) answer {
	said, there := p.saidTo(call)
	if there {
		return p.placed(call, told(r, call, said))
	}
	return p.placed(call, p.forward(r, body, p.keep && !strings.HasPrefix(call.Operation, "Generate")))
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// memo keeps answers by all that tells calls apart.
type memo struct {
	mu      sync.Mutex
	answers map[string]answer
}

// forward asks the lab, or answers what it answered before. What a report is asked to be made, changes.
func (p *Proxy) forward(r *http.Request, body []byte, keep bool) answer {
	key := strings.Join([]string{r.Method, r.URL.String(), signature(r), r.Header.Get("X-Amz-Target"), string(body)}, "\n")
	if keep {
		p.lab.memo.mu.Lock()
		a, known := p.lab.memo.answers[key]
		p.lab.memo.mu.Unlock()
		if known {
			return a
		}
	}
	a, err := p.ask(r, body)
	if err != nil {
		return answer{status: http.StatusBadGateway}
	}
	if keep {
		p.lab.memo.mu.Lock()
		p.lab.memo.answers[key] = a
		p.lab.memo.mu.Unlock()
	}
	return a
}

func (p *Proxy) ask(r *http.Request, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, p.lab.URL+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	resp.Header.Del("Content-Length")
	return answer{resp.StatusCode, resp.Header, out}, err
}

var credential = regexp.MustCompile(`Credential=[^/,]+/\d{8}/([^/,]+)/([^/,]+)/aws4_request`)

// signature says who calls, which service and in which region.
func signature(r *http.Request) string { return credential.FindString(r.Header.Get("Authorization")) }

// callHeader names service and operation of a call. The wire does not always tell them: what many services answer to is
// a method and a path.
const callHeader = "X-Mototest-Call"

// naming names each call before it leaves.
type naming struct{}

// transport is the naming's own: whenever a test server ends, httptest closes the idle connections of the default one,
// and now and then one of them was just read from.
var transport = &http.Transport{MaxIdleConnsPerHost: 32}

// Client carries calls to a proxy and names them. Without it a proxy knows calls by what the wire tells.
func Client() aws.HTTPClient { return naming{} }

// Do implements aws.HTTPClient.
func (naming) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	req.Header.Set(callHeader, middleware.GetServiceID(ctx)+"/"+middleware.GetOperationName(ctx))
	return transport.RoundTrip(req)
}

// identify reads service and operation of a call. The service is known by the name it is signed for, which is how rights
// are named too, but for S3 Control, which signs as S3.
func identify(r *http.Request, body []byte) Call {
	var c Call
	if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		c.Region, c.Service = m[1], m[2]
	}
	service, operation, named := strings.Cut(r.Header.Get(callHeader), "/")
	r.Header.Del(callHeader)
	switch target := r.Header.Get("X-Amz-Target"); {
	case named:
		c.Operation = operation
	case target != "":
		c.Operation = target[strings.LastIndexByte(target, '.')+1:]
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		if form, err := url.ParseQuery(string(body)); err == nil {
			c.Operation = form.Get("Action")
		}
	default:
		c.Operation = r.Method + " " + r.URL.Path
	}
	if service == "S3 Control" || strings.HasPrefix(r.URL.Path, "/v20180820/") {
		c.Service = "s3control"
	}
	return c
}
