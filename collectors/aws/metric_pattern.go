package aws

import (
	"errors"
	"strconv"
	"strings"
)

// logPattern is a filter of log records in JSON, read to a test that a record passes or not:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
type logPattern func(fields map[string]string) bool

var errPattern = errors.New("the filter pattern is not understood")

// parseLogPattern reads a filter pattern. An empty one passes everything. Patterns for records that are not JSON, and
// what is not understood, are an error: such a filter is not known to catch anything.
func parseLogPattern(text string) (logPattern, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return func(map[string]string) bool { return true }, nil
	}
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		return nil, errPattern
	}
	words, err := patternWords(text[1 : len(text)-1])
	if err != nil {
		return nil, err
	}
	p := &patternReader{words: words}
	test, err := p.either()
	if err != nil || p.at != len(p.words) {
		return nil, errPattern
	}
	return test, nil
}

// patternWords cuts a pattern into parentheses, operators, selectors and values. A value keeps its leading quote, so
// that a quoted word is never taken for an operator.
func patternWords(text string) ([]string, error) {
	var out []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case strings.ContainsRune(" \t\r\n", rune(c)):
			i++
		case c == '"':
			end := strings.IndexByte(text[i+1:], '"')
			if end < 0 {
				return nil, errPattern
			}
			out = append(out, text[i:i+1+end])
			i += end + 2
		case strings.HasPrefix(text[i:], "&&"), strings.HasPrefix(text[i:], "||"), strings.HasPrefix(text[i:], "!="),
			strings.HasPrefix(text[i:], "<="), strings.HasPrefix(text[i:], ">="):
			out = append(out, text[i:i+2])
			i += 2
		case strings.ContainsRune("()=<>", rune(c)):
			out = append(out, string(c))
			i++
		default:
			end := strings.IndexAny(text[i:], " \t\r\n()=<>!&|\"")
			if end == 0 {
				return nil, errPattern
			}
			if end < 0 {
				end = len(text) - i
			}
			out = append(out, text[i:i+end])
			i += end
		}
	}
	return out, nil
}

type patternReader struct {
	words []string
	at    int
}

func (p *patternReader) peek() string {
	if p.at < len(p.words) {
		return p.words[p.at]
	}
	return ""
}

func (p *patternReader) next() string {
	w := p.peek()
	p.at++
	return w
}

func (p *patternReader) either() (logPattern, error) {
	left, err := p.both()
	for err == nil && p.peek() == "||" {
		p.next()
		l := left
		var right logPattern
		right, err = p.both()
		left = func(f map[string]string) bool { return l(f) || right(f) }
	}
	return left, err
}

func (p *patternReader) both() (logPattern, error) {
	left, err := p.term()
	for err == nil && p.peek() == "&&" {
		p.next()
		l := left
		var right logPattern
		right, err = p.term()
		left = func(f map[string]string) bool { return l(f) && right(f) }
	}
	return left, err
}

func (p *patternReader) term() (logPattern, error) {
	if p.peek() == "(" {
		p.next()
		inner, err := p.either()
		if err != nil || p.next() != ")" {
			return nil, errPattern
		}
		return inner, nil
	}
	return p.comparison()
}

func (p *patternReader) comparison() (logPattern, error) {
	selector := p.next()
	if !strings.HasPrefix(selector, "$.") {
		return nil, errPattern
	}
	field, operator := selector[2:], p.next()
	switch strings.ToUpper(operator) {
	case "NOT":
		if strings.ToUpper(p.next()) != "EXISTS" {
			return nil, errPattern
		}
		return func(f map[string]string) bool { return !exists(f, field) }, nil
	case "EXISTS":
		return func(f map[string]string) bool { return exists(f, field) }, nil
	case "IS":
		return p.is(field)
	case "=", "!=", "<", "<=", ">", ">=":
		return p.compared(field, operator)
	}
	return nil, errPattern
}

func (p *patternReader) is(field string) (logPattern, error) {
	switch want := strings.ToUpper(p.next()); want {
	case "TRUE", "FALSE":
		return func(f map[string]string) bool { return strings.EqualFold(f[field], want) }, nil
	case "NULL":
		return func(map[string]string) bool { return false }, nil
	}
	return nil, errPattern
}

func (p *patternReader) compared(field, operator string) (logPattern, error) {
	value := p.next()
	if value == "" || strings.Contains("()&&||", value) || strings.HasPrefix(value, "%") {
		return nil, errPattern // The last is a regular expression.
	}
	value = strings.TrimPrefix(value, `"`)
	return func(f map[string]string) bool {
		got, there := f[field]
		switch {
		case !there:
			// A record without the field passes no comparison, not even an unequal one.
			return false
		case operator == "=":
			return like(value, got)
		case operator == "!=":
			return !like(value, got)
		}
		return ordered(operator, got, value)
	}, nil
}

// exists says whether a record has a field or something below it.
func exists(fields map[string]string, field string) bool {
	for f := range fields {
		if f == field || strings.HasPrefix(f, field+".") {
			return true
		}
	}
	return false
}

func ordered(operator, got, want string) bool {
	a, err := strconv.ParseFloat(got, 64)
	b, err2 := strconv.ParseFloat(want, 64)
	if err != nil || err2 != nil {
		return false
	}
	switch operator {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}

// like compares a word with a pattern in which * stands for anything.
func like(pattern, word string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == word
	}
	if !strings.HasPrefix(word, parts[0]) {
		return false
	}
	word = word[len(parts[0]):]
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(word, part)
		if i < 0 {
			return false
		}
		word = word[i+len(part):]
	}
	return strings.HasSuffix(word, parts[last])
}
