package aws

import (
	"encoding/json"
	"fmt"
	"net"
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

// narrowing are the condition keys that tie a caller to a party, a network or a resource. The name of a user is not one
// of them: every account may have a user of that name.
var narrowing = map[string]bool{
	"aws:sourcearn": true, "aws:sourceaccount": true, "aws:sourceowner": true, "aws:sourceorgid": true,
	"aws:sourceorgpaths": true,
	"aws:principalorgid": true, "aws:principalorgpaths": true, "aws:principalaccount": true, "aws:principalarn": true,
	"aws:userid": true, "aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourceip": true, "aws:vpcsourceip": true,
	"kms:calleraccount": true, "s3:dataaccesspointaccount": true, "s3:dataaccesspointarn": true,
	"s3:x-amz-server-side-encryption-aws-kms-key-id": true,
}

// narrowed says whether a condition of the statement keeps strangers out. A condition that only looks narrow, such as
// an address range of the whole internet or a bare wildcard, does not; nor does one that holds when the key is missing.
func (s policyStatement) narrowed() bool {
	for op, keys := range s.Condition {
		lower := strings.ToLower(op)
		if strings.Contains(lower, "not") || strings.HasPrefix(lower, "null") ||
			strings.HasPrefix(lower, "forallvalues:") || strings.HasSuffix(lower, "ifexists") {
			continue
		}
		for key, values := range keys {
			if narrowing[key] && len(values) > 0 && !anyWide(values) {
				return true
			}
		}
	}
	return false
}

// anyWide says whether one of the values lets strangers in: they are alternatives, so one is enough.
func anyWide(values []string) bool {
	for _, v := range values {
		if wide(v) {
			return true
		}
	}
	return false
}

// wide says whether a value stands for more than one party could own: a pattern that begins with a wildcard, an ARN
// that leaves the account open, or more addresses than a /8.
func wide(v string) bool {
	if _, network, err := net.ParseCIDR(v); err == nil {
		ones, _ := network.Mask.Size()
		return ones < 8
	}
	if parts := splitARN(v); parts != nil {
		open := parts[4] == "" || strings.ContainsAny(parts[4], "*?")
		// A bucket is named without its account, and by its name alone.
		return open && (parts[2] != "s3" || strings.HasPrefix(parts[5], "*"))
	}
	return strings.HasPrefix(v, "*") || strings.HasPrefix(v, "arn:") || v == "vpc-*" || v == "vpce-*" || v == "o-*"
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

// refusesClearText says whether the policy denies every call about a bucket and about its objects, by anyone, that does
// not come over TLS. Two statements may share the work; one about the objects alone leaves their list to be read by
// whoever listens.
func (d policyDocument) refusesClearText(bucket string) bool {
	own, objects := false, false
	for _, s := range d.Statement {
		if s.Effect != "Deny" || !s.anyone() || len(s.NotPrincipal) > 0 || !s.allActions() || !s.onlyWithoutTLS() {
			continue
		}
		for _, resource := range s.Resource {
			own = own || covers(resource, "arn:aws:s3:::"+bucket)
			objects = objects || covers(resource, "arn:aws:s3:::"+bucket+"/*")
		}
	}
	return own && objects
}

func (s policyStatement) allActions() bool {
	return contains(s.Action, "s3:*") || contains(s.Action, "*")
}

// onlyWithoutTLS says whether the one condition of the statement is that the call came without TLS. Any further
// condition would let some clear text through. The version of TLS is no such condition: clear text has none.
func (s policyStatement) onlyWithoutTLS() bool {
	if len(s.Condition) != 1 {
		return false
	}
	for op, keys := range s.Condition {
		if op != "Bool" && op != "BoolIfExists" || len(keys) != 1 {
			return false
		}
		return contains(keys["aws:securetransport"], "false")
	}
	return false
}

// covers says whether a pattern stands for everything that a name, or a name that ends in a wildcard, stands for.
func covers(pattern, name string) bool {
	if before, after, cut := strings.Cut(pattern, "*"); cut && after == "" {
		return strings.HasPrefix(name, before)
	}
	return pattern == name
}

// besides are conditions that may stand beside a network in a Deny: they let in the provider's own services or a named
// caller, and nobody else.
var besides = map[string]bool{
	"aws:viaawsservice": true, "aws:principalisawsservice": true, "aws:principalarn": true, "aws:userid": true,
}

// restrictsNetwork says whether the policy denies whoever does not come from a named network or organisation, whatever
// they want from the objects.
func (d policyDocument) restrictsNetwork() bool {
	for _, s := range d.Statement {
		if s.Effect == "Deny" && s.anyone() && s.allActions() && coversObjects(s.Resource) && s.onlyOutsiders() {
			return true
		}
	}
	return false
}

// onlyOutsiders says whether the conditions of a Deny hold for everyone but those who come from a named network.
func (s policyStatement) onlyOutsiders() bool {
	named := false
	for op, keys := range s.Condition {
		not := strings.Contains(strings.ToLower(op), "not")
		for key, values := range keys {
			switch {
			case key == "aws:sourcevpce", key == "aws:sourcevpc", key == "aws:sourceip", key == "aws:principalorgid":
				if !not || len(values) == 0 || anyWide(values) {
					return false
				}
				named = true
			case !besides[key]:
				return false
			case (key == "aws:principalarn" || key == "aws:userid") && (!not || anyWide(values)):
				return false
			}
		}
	}
	return named
}

// coversObjects says whether one of the resources stands for every object of a bucket: a folder of it does not.
func coversObjects(resources []string) bool {
	for _, r := range resources {
		name, ends := strings.CutSuffix(r, "*")
		if ends && !strings.Contains(strings.TrimSuffix(name, "/"), "/") {
			return true
		}
	}
	return false
}

// foreignAccounts lists the accounts other than the own that statements which allow name, sorted: as principals, or by
// the condition that narrows "everyone" down to an account.
func (d policyDocument) foreignAccounts(own string) []string {
	set := map[string]bool{}
	for _, s := range d.Statement {
		if s.Effect != "Allow" {
			continue
		}
		for _, p := range s.Principal["AWS"] {
			set[principalAccount(p)] = true
		}
		if s.anyone() {
			for _, account := range s.conditionAccounts() {
				set[account] = true
			}
		}
	}
	delete(set, own)
	delete(set, "")
	// The identities of content delivery belong to the provider and stand for a distribution, whose owner is not told.
	delete(set, "cloudfront")
	out := make([]string, 0, len(set))
	for a := range set {
		out = append(out, a)
	}
	sort.Strings(out)
	return out
}

// conditionAccounts are the accounts that conditions of the statement demand.
func (s policyStatement) conditionAccounts() []string {
	var accounts []string
	for op, keys := range s.Condition {
		if strings.Contains(strings.ToLower(op), "not") {
			continue
		}
		for _, key := range []string{
			"aws:principalaccount", "aws:principalarn", "kms:calleraccount", "aws:sourceaccount", "aws:sourceowner",
			"s3:dataaccesspointaccount",
		} {
			for _, v := range keys[key] {
				accounts = append(accounts, principalAccount(v))
			}
		}
	}
	return accounts
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
