package mototest

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
)

// protocol is how a service speaks.
type protocol int

const (
	ec2Query protocol = iota
	query
	restXML
	json1
	restJSON
)

func protocolOf(r *http.Request, c Call) protocol {
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		return json1
	case c.Service == "ec2":
		return ec2Query
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return query
	case c.Service == "s3" || c.Service == "s3control" || c.Service == "route53" || c.Service == "cloudfront":
		return restXML
	default:
		return restJSON
	}
}

// code is the word and status by which a protocol denies or throttles.
func code(p protocol, fault Fault) (code string, status int) {
	denied, throttled := [2]any{"AccessDenied", 403}, [2]any{"Throttling", 400}
	switch p {
	case ec2Query:
		denied[0], throttled = "UnauthorizedOperation", [2]any{"RequestLimitExceeded", 503}
	case restXML:
		throttled = [2]any{"SlowDown", 503}
	case json1:
		denied, throttled = [2]any{"AccessDeniedException", 400}, [2]any{"ThrottlingException", 400}
	case restJSON:
		denied, throttled = [2]any{"AccessDeniedException", 403}, [2]any{"TooManyRequestsException", 429}
	}
	if fault == Deny {
		return denied[0].(string), denied[1].(int)
	}
	return throttled[0].(string), throttled[1].(int)
}

// refusal is the answer AWS gives in the service's protocol.
func refusal(c Call, p protocol, fault Fault) answer {
	header := http.Header{"Content-Type": {contentType(p)}, "X-Amzn-Requestid": {"00000000-0000-4000-8000-000000000000"}}
	if fault == Garble {
		body := []byte(garbled(p))
		header.Set("X-Amz-Crc32", checksum(body))
		return answer{http.StatusOK, header, body}
	}
	word, status := code(p, fault)
	message := fmt.Sprintf("User: arn:aws:iam::%s:user/reader: %s on %s:%s", Account, word, c.Service, c.Operation)
	switch p {
	case ec2Query:
		return answer{status, header, fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>0</RequestID></Response>`,
			word, message)}
	case query:
		return answer{status, header, fmt.Appendf(nil,
			`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>0</RequestId></ErrorResponse>`,
			word, message)}
	case restXML:
		body := fmt.Sprintf(`<Error><Code>%s</Code><Message>%s</Message><RequestId>0</RequestId></Error>`, word, message)
		if c.Service != "s3" {
			body = fmt.Sprintf(`<ErrorResponse>%s<RequestId>0</RequestId></ErrorResponse>`, body)
		}
		return answer{status, header, []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + body)}
	default:
		body := fmt.Appendf(nil, `{"__type":%q,"message":%q}`, "com.amazonaws#"+word, message)
		header.Set("X-Amzn-Errortype", word)
		header.Set("X-Amz-Crc32", checksum(body))
		return answer{status, header, body}
	}
}

// checksum is what DynamoDB's clients hold an answer against.
func checksum(body []byte) string { return strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) }

func contentType(p protocol) string {
	switch p {
	case json1:
		return "application/x-amz-json-1.1"
	case restJSON:
		return "application/json"
	default:
		return "text/xml"
	}
}

// garbled is an answer cut off in the middle.
func garbled(p protocol) string {
	if p == json1 || p == restJSON {
		return `{"Items": [{"Na`
	}
	return `<?xml version="1.0" encoding="UTF-8"?><Answer><Items><Item><Na`
}
