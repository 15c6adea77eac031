package aws

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"
)

// policyDocument is an IAM policy of any kind: of an identity, a resource or a trust.
type policyDocument struct {
	Statement []policyStatement
}

type policyStatement struct {
	Sid          string
	Effect       string
	Principal    principals
	NotPrincipal principals
	Action       oneOrMany
	NotAction    oneOrMany
	Resource     oneOrMany
	NotResource  oneOrMany
	// Condition maps operator to key to values; keys are folded to lower case, as IAM compares them.
	Condition map[string]map[string]oneOrMany
}

// oneOrMany reads a string or a list of strings, as policies allow either.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(b []byte) error {
	var many []any
	if err := json.Unmarshal(b, &many); err != nil {
		var one any
		if err := json.Unmarshal(b, &one); err != nil {
			return err
		}
		many = []any{one}
	}
	for _, v := range many {
		*o = append(*o, fmt.Sprint(v))
	}
	return nil
}

// principals maps AWS, Service, Federated or CanonicalUser to names; a bare "*" is AWS: *.
type principals map[string]oneOrMany

func (p *principals) UnmarshalJSON(b []byte) error {
	var all string
	if json.Unmarshal(b, &all) == nil {
		*p = principals{"AWS": {all}}
		return nil
	}
	m := map[string]oneOrMany{}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*p = m
	return nil
}

// statements reads one statement or a list of them.
type statements []policyStatement

func (s *statements) UnmarshalJSON(b []byte) error {
	var many []policyStatement
	if err := json.Unmarshal(b, &many); err == nil {
		*s = many
		return nil
	}
	var one policyStatement
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*s = statements{one}
	return nil
}

// parsePolicy reads a policy as services return it: JSON, or JSON with URL encoding.
func parsePolicy(text string) (policyDocument, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "%") {
		decoded, err := url.QueryUnescape(text)
		if err != nil {
			return policyDocument{}, fmt.Errorf("policy: %w", err)
		}
		text = decoded
	}
	var raw struct{ Statement statements }
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return policyDocument{}, fmt.Errorf("policy: %w", err)
	}
	doc := policyDocument{Statement: raw.Statement}
	for i := range doc.Statement {
		folded := map[string]map[string]oneOrMany{}
		for op, keys := range doc.Statement[i].Condition {
			lower := map[string]oneOrMany{}
			for k, v := range keys {
				lower[strings.ToLower(k)] = v
			}
			folded[op] = lower
		}
		doc.Statement[i].Condition = folded
	}
	return doc, nil
}

// anyone says whether the statement speaks of everyone.
func (s policyStatement) anyone() bool {
	if len(s.NotPrincipal) > 0 {
		return true
	}
	for _, name := range s.Principal["AWS"] {
		if name == "*" {
			return true
		}
	}
	return false
}

// narrowing are the condition keys that tie a caller to a party, a network or a resource.
var narrowing = map[string]bool{
	"aws:sourcearn": true, "aws:sourceaccount": true, "aws:sourceowner": true, "aws:sourceorgid": true, "aws:principalorgid": true,
	"aws:principalorgpaths": true, "aws:principalaccount": true, "aws:principalarn": true, "aws:userid": true,
	"aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourceip": true, "kms:calleraccount": true, "kms:viaservice": false,
	"s3:dataaccesspointaccount": true, "s3:dataaccesspointarn": true, "aws:username": true,
}

// narrowed says whether a condition of the statement keeps strangers out. A condition that only looks narrow, such as
// an address range of the whole internet or a bare wildcard, does not; nor does one that holds when the key is missing.
func (s policyStatement) narrowed() bool {
	for op, keys := range s.Condition {
		lower := strings.ToLower(op)
		if strings.Contains(lower, "not") || strings.HasPrefix(lower, "null") || strings.HasSuffix(lower, "ifexists") {
			continue
		}
		for key, values := range keys {
			if narrowing[key] && !anyWide(values) {
				return true
			}
		}
	}
	return false
}

func anyWide(values []string) bool {
	for _, v := range values {
		switch v {
		case "*", "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "arn:aws:*", "arn:*":
			return true
		}
	}
	return false
}

// public says whether the policy lets anyone in.
func (d policyDocument) public() bool {
	for _, s := range d.Statement {
		if s.Effect == "Allow" && s.anyone() && !s.narrowed() {
			return true
		}
	}
	return false
}

// refusesClearText says whether the policy denies every call, by anyone, that does not come over TLS.
func (d policyDocument) refusesClearText() bool {
	for _, s := range d.Statement {
		if s.Effect != "Deny" || !s.anyone() || len(s.NotPrincipal) > 0 || len(s.Condition) != 1 {
			continue
		}
		keys, ok := s.Condition["Bool"]
		if !ok || len(keys) != 1 || len(keys["aws:securetransport"]) != 1 || !strings.EqualFold(keys["aws:securetransport"][0], "false") {
			continue
		}
		if (contains(s.Action, "s3:*") || contains(s.Action, "*")) && coversObjects(s.Resource) {
			return true
		}
	}
	return false
}

func coversObjects(resources []string) bool {
	for _, r := range resources {
		if strings.HasSuffix(r, "*") {
			return true
		}
	}
	return false
}

// restrictsNetwork says whether the policy denies whoever does not come from a named network or organisation.
func (d policyDocument) restrictsNetwork() bool {
	for _, s := range d.Statement {
		if s.Effect != "Deny" || !s.anyone() {
			continue
		}
		for op, keys := range s.Condition {
			if !strings.Contains(strings.ToLower(op), "not") {
				continue
			}
			for _, key := range []string{"aws:sourcevpce", "aws:sourcevpc", "aws:sourceip", "aws:principalorgid"} {
				if v := keys[key]; len(v) > 0 && !anyWide(v) {
					return true
				}
			}
		}
	}
	return false
}

// foreignAccounts lists the accounts other than the own that statements which allow name, sorted.
func (d policyDocument) foreignAccounts(own string) []string {
	set := map[string]bool{}
	for _, s := range d.Statement {
		if s.Effect != "Allow" {
			continue
		}
		for _, p := range s.Principal["AWS"] {
			if a := principalAccount(p); a != "" && a != own {
				set[a] = true
			}
		}
	}
	out := make([]string, 0, len(set))
	for a := range set {
		out = append(out, a)
	}
	sort.Strings(out)
	return out
}

// principalAccount is the account of an ARN or a bare account id; empty for anything else.
func principalAccount(p string) string {
	if parts := strings.Split(p, ":"); len(parts) >= 6 {
		return parts[4]
	}
	if len(p) == 12 && strings.Trim(p, "0123456789") == "" {
		return p
	}
	return ""
}

func contains(list []string, want string) bool {
	for _, v := range list {
		if strings.EqualFold(v, want) {
			return true
		}
	}
	return false
}
