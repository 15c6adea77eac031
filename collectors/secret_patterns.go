package collectors

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
)

// SecretMatch says how often a sort of secret was seen in a text. The text itself is kept nowhere.
type SecretMatch struct {
	Pattern string `json:"pattern"`
	Count   int    `json:"count"`
}

// Matches counts all matches.
func Matches(found []SecretMatch) int64 {
	var n int64
	for _, m := range found {
		n += int64(m.Count)
	}
	return n
}

// secretPattern is one sort of secret. The group "value", where the expression has one, is what must look like a secret
// and not like a reference to one.
type secretPattern struct {
	name  string
	shape *regexp.Regexp
}

// secretPatterns are looked for in this order; what one has matched the later ones do not see, so that a secret counts
// once.
var secretPatterns = []secretPattern{
	{"private_key", regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s:,.-]*?-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)?`)},
	{"connection_string", regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]{1,24}://[^\s:/@'"]{0,64}:(?P<value>[^\s/@'"]{3,128})@[\w.-]+`)},
	{"connection_string", regexp.MustCompile(`(?i)\b(?:AccountKey|SharedAccessKey|SharedSecretKey)=(?P<value>[A-Za-z0-9+/]{20,}={0,2})`)},
	{"token", regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{30,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b|\bglpat-[A-Za-z0-9_-]{20,}|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bsk_live_[A-Za-z0-9]{16,}|\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{36}\b|\bhv[sb]\.[A-Za-z0-9_-]{24,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`)},
	{"aws_secret_key", regexp.MustCompile(`(?i)aws_?secret_?(?:access_?)?key(?:_?id)?["']?\s*[:=]\s*["']?(?P<value>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)`)},
	{"aws_access_key", regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{"authorization_header", regexp.MustCompile(`(?i)\bauthorization["']?\s*[:=]\s*["']?(?:basic|bearer|token)\s+(?P<value>[A-Za-z0-9+/._~=-]{8,})`)},
	{"password", regexp.MustCompile(`(?i)(?:pass(?:word|wd|phrase)|passwd|\bpwd|client_?secret|secret_?(?:access_?)?key|api_?key|auth_?token|access_?token|private_?token)["']?\s*(?::=|=>|=|:)\s*(?:"(?P<value>[^"\n]{4,})"|'(?P<value2>[^'\n]{4,})'|(?P<value3>[^\s"',;&|<>()]{4,}))`)},
	{"password", regexp.MustCompile(`(?i)\s--?[a-z0-9-]*(?:password|passwd|passphrase|api-key|token|client-secret)[= ]+(?:"(?P<value>[^"\n]{4,})"|'(?P<value2>[^'\n]{4,})'|(?P<value3>[^\s"',;&|<>()-][^\s"',;&|<>()]{3,}))`)},
	{"password", regexp.MustCompile(`(?i)-AsPlainText\s+\\?["'](?P<value>[^"'\n\\]{4,})|ConvertTo-SecureString\s+(?:-String\s+)?\\?["'](?P<value2>[^"'\n\\]{4,})`)},
	{"password", regexp.MustCompile(`(?m)\b(?:echo|printf)\s+["']?[\w.-]+:(?P<value>[^\s"'|]{4,})["']?\s*\|\s*(?:sudo\s+)?chpasswd`)},
}

// reference is the shape of a value that names a secret kept elsewhere, or that stands for one in an example.
var reference = regexp.MustCompile(`(?i)^(?:\$|%[a-z]|\{\{|\{%|<|@@|\*{3,}|x{4,}$|\.\.\.|` +
	`arn:|projects/|vault:|ssm:|secretsmanager:|resolve:|@microsoft\.keyvault|` +
	"`" + `|(?:true|false|null|none|nil|yes|no|undefined|redacted|changeme|placeholder|example|required|optional|disabled|enabled|prompt|file|env)$|` +
	`(?:/[\w.-]+)+$|(?:os|process|env|config|var|local|data|module)[.\[])`)

// FindSecrets counts what looks like a secret in a text, by sort of secret and in the order of their names.
func FindSecrets(text string) []SecretMatch {
	counts := map[string]int{}
	for _, p := range secretPatterns {
		text = p.shape.ReplaceAllStringFunc(text, func(hit string) string {
			if !p.real(hit) {
				return hit
			}
			counts[p.name]++
			// A line break keeps what stood before and after from growing together into a new match.
			return "\n"
		})
	}
	out := make([]SecretMatch, 0, len(counts))
	for name, n := range counts {
		out = append(out, SecretMatch{Pattern: name, Count: n})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Pattern < out[j].Pattern })
	return out
}

// real says whether the value in a hit is a secret itself.
func (p secretPattern) real(hit string) bool {
	groups := p.shape.FindStringSubmatch(hit)
	named := false
	for i, name := range p.shape.SubexpNames() {
		if !strings.HasPrefix(name, "value") {
			continue
		}
		named = true
		if i < len(groups) && groups[i] != "" {
			return !reference.MatchString(groups[i])
		}
	}
	return !named
}

// maxStartup bounds what start-up data may unpack to; clouds take at most 256 KB of it.
const maxStartup = 8 << 20

// FindSecretsIn looks for secrets in start-up data, which may be packed with gzip. The error says that it could not be
// unpacked.
func FindSecretsIn(data []byte) ([]SecretMatch, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		packed, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("unpack start-up data: %w", err)
		}
		data, err = io.ReadAll(io.LimitReader(packed, maxStartup+1))
		if err != nil {
			return nil, fmt.Errorf("unpack start-up data: %w", err)
		}
		if len(data) > maxStartup {
			return nil, fmt.Errorf("unpack start-up data: more than %d bytes", maxStartup)
		}
	}
	return FindSecrets(string(data)), nil
}
