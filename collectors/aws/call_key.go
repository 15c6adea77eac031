package aws

import "net/http"

// CallKey is what tells a call from others, for archives of answers: two calls with the same key ask the same. It holds
// no secret.
func CallKey(req *http.Request, body []byte) string {
	return callKey(req.Method, req.URL, req.Header, body)
}
