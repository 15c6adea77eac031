package aws

import "strings"

// certainty is how sure an answer about rights is. What cannot be told apart is maybe, which states no fact.
type certainty int8

const (
	no certainty = iota
	maybe
	yes
)

// reach says how much of an account a right must act on to count.
type reach int8

const (
	onAnything reach = iota
	onAllOfType
	onEverything
)

// probe is a question about rights: may the holder call this action?
type probe struct {
	action string
	on     reach
	// service is the principal a role is passed to, where the action passes one.
	service string
}

// rights are the statements that act on a holder, with the boundary that limits them.
type rights struct {
	statements []policyStatement
	// gaps says that a policy could not be read, so what is not granted elsewhere may be granted by it.
	gaps     bool
	boundary *rights
}

// readRights reads the policies of a holder.
func readRights(policies []heldPolicy, boundary *heldPolicy) rights {
	var r rights
	for _, p := range policies {
		if p.Document == nil {
			if p.ARN == administratorAccess {
				r.statements = append(r.statements, policyStatement{Effect: "Allow", Action: oneOrMany{"*"}, Resource: oneOrMany{"*"}})
				continue
			}
			r.gaps = true
			continue
		}
		doc, err := parsePolicy(*p.Document)
		if err != nil {
			r.gaps = true
			continue
		}
		r.statements = append(r.statements, doc.Statement...)
	}
	if boundary != nil {
		limit := readRights([]heldPolicy{*boundary}, nil)
		r.boundary = &limit
	}
	return r
}

// can answers a probe. An explicit denial beats every grant, and a boundary must grant the action as well.
func (r rights) can(p probe) certainty {
	best := no
	if r.gaps {
		best = maybe
	}
	for _, s := range r.statements {
		if s.Effect == "Allow" && s.speaksOf(p.action) && s.covers(p.on) {
			best = max(best, s.grants(p))
		}
	}
	for _, s := range r.statements {
		if best == no {
			return no
		}
		if s.Effect == "Deny" && s.speaksOf(p.action) {
			best = min(best, yes-s.denies())
		}
	}
	if r.boundary != nil {
		best = min(best, r.boundary.can(p))
	}
	return best
}

// allOf is as sure as the least sure of its probes.
func (r rights) allOf(probes ...probe) certainty {
	sure := yes
	for _, p := range probes {
		sure = min(sure, r.can(p))
	}
	return sure
}

// anyOf is as sure as the surest of its probes.
func (r rights) anyOf(probes ...probe) certainty {
	sure := no
	for _, p := range probes {
		sure = max(sure, r.can(p))
	}
	return sure
}

// speaksOf says whether the statement is about an action, by Action or by NotAction.
func (s policyStatement) speaksOf(action string) bool {
	if len(s.NotAction) > 0 {
		return !anyGlob(s.NotAction, action)
	}
	return anyGlob(s.Action, action)
}

// covers says whether the statement's resources reach that far.
func (s policyStatement) covers(on reach) bool {
	if on == onAnything || len(s.NotResource) > 0 {
		return true
	}
	for _, r := range s.Resource {
		if r == "*" || r == "arn:*" || r == "arn:aws:*" {
			return true
		}
		last := r[strings.LastIndex(r, ":")+1:]
		if on == onAllOfType && (last == "*" || strings.HasSuffix(last, "/*") && strings.Count(last, "/") == 1) {
			return true
		}
	}
	return false
}

// callerKeys are condition keys about when, whence and how a call is made. They do not lessen what the holder can do:
// it can meet them.
var callerKeys = map[string]bool{
	"aws:multifactorauthpresent": true, "aws:multifactorauthage": true, "aws:sourceip": true, "aws:sourcevpc": true,
	"aws:sourcevpce": true, "aws:vpcsourceip": true, "aws:securetransport": true, "aws:requestedregion": true,
	"aws:currenttime": true, "aws:epochtime": true, "aws:tokenissuetime": true, "aws:principalorgid": true,
	"aws:principalaccount": true, "aws:principaltype": true, "aws:useragent": true, "aws:referer": true,
}

// grants says how surely an Allow statement that speaks of the action grants it under its conditions.
func (s policyStatement) grants(p probe) certainty {
	sure := yes
	for _, keys := range s.Condition {
		for key, values := range keys {
			switch {
			case callerKeys[key]:
			case key == "iam:permissionsboundary":
				// What the holder makes or changes is bounded, so it cannot exceed the boundary.
				return no
			case key == "iam:passedtoservice":
				if p.service == "" || !matchesAny(values, p.service) {
					return no
				}
			default:
				sure = maybe
			}
		}
	}
	return sure
}

// denies says how surely a Deny statement that speaks of the action leaves nothing of it. A denial of some resources,
// or one whose conditions the holder can evade, leaves the rest.
func (s policyStatement) denies() certainty {
	if len(s.NotResource) > 0 {
		return maybe
	}
	if !s.covers(onEverything) {
		return no
	}
	sure := yes
	for _, keys := range s.Condition {
		for key := range keys {
			switch {
			case key == "iam:permissionsboundary":
			case callerKeys[key]:
				return no
			default:
				sure = maybe
			}
		}
	}
	return sure
}

// readVerbs begin the actions that change nothing.
var readVerbs = []string{"Describe", "Get", "List", "BatchGet", "View", "Lookup", "Search"}

// changes says whether an action pattern takes in an action that creates, changes or deletes.
func changes(pattern string) bool {
	_, name, found := strings.Cut(pattern, ":")
	if !found {
		return true
	}
	fixed, _, _ := strings.Cut(name, "*")
	fixed, _, _ = strings.Cut(fixed, "?")
	for _, verb := range readVerbs {
		if len(fixed) >= len(verb) && strings.EqualFold(fixed[:len(verb)], verb) {
			return false
		}
	}
	report := strings.ToLower(name)
	return !(strings.HasPrefix(report, "generate") && strings.HasSuffix(report, "report"))
}

// writes says whether the rights take in any action that creates, changes or deletes.
func (r rights) writes() certainty {
	best := no
	if r.gaps {
		best = maybe
	}
	for _, s := range r.statements {
		if s.Effect == "Allow" && r.statementWrites(s) {
			best = yes
		}
	}
	if r.boundary != nil {
		best = min(best, r.boundary.writes())
	}
	return best
}

func (r rights) statementWrites(s policyStatement) bool {
	if len(s.NotAction) > 0 {
		return !r.denied("*")
	}
	for _, pattern := range s.Action {
		if changes(pattern) && !r.denied(pattern) {
			return true
		}
	}
	return false
}

// denied says whether a statement denies all that an action pattern takes in.
func (r rights) denied(pattern string) bool {
	for _, s := range r.statements {
		if s.Effect == "Deny" && s.speaksOf(pattern) && s.denies() == yes {
			return true
		}
	}
	return false
}

// anyGlob says whether a pattern of the list matches the action. IAM compares actions without regard to case.
func anyGlob(patterns []string, action string) bool {
	for _, p := range patterns {
		if p == "*" || glob(strings.ToLower(p), strings.ToLower(action)) {
			return true
		}
	}
	return false
}

// matchesAny says whether a value that a condition names matches, wildcards included.
func matchesAny(values []string, name string) bool { return anyGlob(values, name) }

// glob matches text against a pattern in which * is any run of characters and ? any one.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
