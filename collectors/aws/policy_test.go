package aws

import (
	"fmt"
	"testing"
)

// policyOf is a policy of one statement in the words of IAM.
func policyOf(t *testing.T, statements string) policyDocument {
	t.Helper()
	doc, err := parsePolicy(`{"Version":"2012-10-17","Statement":` + statements + `}`)
	if err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	return doc
}

func TestPolicyPublic(t *testing.T) {
	t.Parallel()
	allow := func(principal, condition string) string {
		if condition != "" {
			condition = `,"Condition":` + condition
		}
		return `{"Effect":"Allow",` + principal + `,"Action":"s3:GetObject","Resource":"*"` + condition + `}`
	}
	all := `"Principal":"*"`
	when := func(operator, key, value string) string {
		return fmt.Sprintf(`{%q:{%q:%s}}`, operator, key, value)
	}
	for _, c := range []struct {
		name, statement string
		want            bool
	}{
		{"everyone", allow(all, ""), true},
		{"everyone by list", allow(`"Principal":{"AWS":["arn:aws:iam::1:root","*"]}`, ""), true},
		{"an account", allow(`"Principal":{"AWS":"123456789012"}`, ""), false},
		{"a service", allow(`"Principal":{"Service":"cloudtrail.amazonaws.com"}`, ""), false},
		{"everyone but one", allow(`"NotPrincipal":{"AWS":"123456789012"}`, ""), true},
		{"a denial", `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`, false},
		{"own organisation", allow(all, when("StringEquals", "aws:PrincipalOrgID", `"o-1"`)), false},
		{"key in another case", allow(all, when("StringEquals", "AWS:principalorgid", `"o-1"`)), false},
		{"any organisation", allow(all, when("StringLike", "aws:PrincipalOrgID", `"*"`)), true},
		{"office", allow(all, when("IpAddress", "aws:SourceIp", `"203.0.113.0/24"`)), false},
		{"whole internet", allow(all, when("IpAddress", "aws:SourceIp", `"0.0.0.0/0"`)), true},
		{"whole internet in halves", allow(all, when("IpAddress", "aws:SourceIp", `["0.0.0.0/1","128.0.0.0/1"]`)), true},
		{"office or the internet", allow(all, when("IpAddress", "aws:SourceIp", `["203.0.113.0/24","::/0"]`)), true},
		{"wider than a /8", allow(all, when("IpAddress", "aws:SourceIp", `"64.0.0.0/7"`)), true},
		{"all but the office", allow(all, when("NotIpAddress", "aws:SourceIp", `"203.0.113.0/24"`)), true},
		{"holds without the key", allow(all, when("StringEqualsIfExists", "aws:SourceVpce", `"vpce-1"`)), true},
		{"holds for no value", allow(all, when("ForAllValues:StringEquals", "aws:PrincipalOrgID", `"o-1"`)), true},
		{"endpoint", allow(all, when("StringEquals", "aws:SourceVpce", `"vpce-1"`)), false},
		{"key must be there", allow(all, when("Null", "aws:SourceVpce", `"false"`)), true},
		{"topic of an account", allow(all, when("ArnLike", "aws:SourceArn", `"arn:aws:sns:*:123456789012:*"`)), false},
		{"topic of any account", allow(all, when("ArnLike", "aws:SourceArn", `"arn:aws:sns:*:*:topic"`)), true},
		{"one bucket", allow(all, when("ArnEquals", "aws:SourceArn", `"arn:aws:s3:::mine"`)), false},
		{"any bucket", allow(all, when("ArnLike", "aws:SourceArn", `"arn:aws:s3:::*"`)), true},
		{"role of that name anywhere", allow(all, when("ArnLike", "aws:PrincipalArn", `"arn:aws:iam::*:role/admin"`)), true},
		{"user of that name anywhere", allow(all, when("StringEquals", "aws:username", `"alice"`)), true},
		{"a page that links here", allow(all, when("StringLike", "aws:Referer", `"https://example.com/*"`)), true},
		{"encrypted uploads only", allow(all, when("StringNotEquals", "s3:x-amz-server-side-encryption", `["AES256"]`)), true},
	} {
		if got := policyOf(t, c.statement).public(); got != c.want {
			t.Errorf("%s: public is %v", c.name, got)
		}
	}
}

func TestPolicyRefusesClearText(t *testing.T) {
	t.Parallel()
	both := `["arn:aws:s3:::b","arn:aws:s3:::b/*"]`
	deny := func(principal, action, resource, condition string) string {
		return `{"Effect":"Deny",` + principal + `,"Action":` + action + `,"Resource":` + resource + `,"Condition":` + condition + `}`
	}
	all, off := `"Principal":"*"`, `{"Bool":{"aws:SecureTransport":"false"}}`
	for _, c := range []struct {
		name, statement string
		want            bool
	}{
		{"bucket and objects", deny(all, `"s3:*"`, both, off), true},
		{"as a principal map", deny(`"Principal":{"AWS":"*"}`, `"*"`, both, off), true},
		{"one pattern for both", deny(all, `"s3:*"`, `"arn:aws:s3:::b*"`, off), true},
		{"every resource", deny(all, `"s3:*"`, `"*"`, off), true},
		{"bool that is no string", deny(all, `"s3:*"`, both, `{"Bool":{"aws:SecureTransport":false}}`), true},
		{"also when the key is missing", deny(all, `"s3:*"`, both, `{"BoolIfExists":{"aws:SecureTransport":"false"}}`), true},
		{"two statements", `[` + deny(all, `"s3:*"`, `"arn:aws:s3:::b"`, off) + `,` + deny(all, `"s3:*"`, `"arn:aws:s3:::b/*"`, off) + `]`, true},
		{"objects only", deny(all, `"s3:*"`, `"arn:aws:s3:::b/*"`, off), false},
		{"bucket only", deny(all, `"s3:*"`, `"arn:aws:s3:::b"`, off), false},
		{"a folder", deny(all, `"s3:*"`, `["arn:aws:s3:::b","arn:aws:s3:::b/logs/*"]`, off), false},
		{"another bucket", deny(all, `"s3:*"`, `["arn:aws:s3:::c","arn:aws:s3:::c/*"]`, off), false},
		{"reads only", deny(all, `"s3:GetObject"`, both, off), false},
		{"one account", deny(`"Principal":{"AWS":"123456789012"}`, `"s3:*"`, both, off), false},
		{"everyone but one", deny(`"NotPrincipal":{"AWS":"123456789012"}`, `"s3:*"`, both, off), false},
		{"a further condition", deny(all, `"s3:*"`, both, `{"Bool":{"aws:SecureTransport":"false"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), false},
		{"a further key", deny(all, `"s3:*"`, both, `{"Bool":{"aws:SecureTransport":"false","aws:ViaAWSService":"false"}}`), false},
		{"the wrong way round", deny(all, `"s3:*"`, both, `{"Bool":{"aws:SecureTransport":"true"}}`), false},
		{"the version of TLS", deny(all, `"s3:*"`, both, `{"NumericLessThan":{"s3:TlsVersion":"1.2"}}`), false},
		{"the version as a number", deny(all, `"s3:*"`, both, `{"NumericLessThan":{"s3:TlsVersion":1.2}}`), false},
		{"allowed over TLS", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":` + both + `,"Condition":{"Bool":{"aws:SecureTransport":"true"}}}`, false},
		{"no condition", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":` + both + `}`, false},
	} {
		if got := policyOf(t, c.statement).refusesClearText("b"); got != c.want {
			t.Errorf("%s: refuses is %v", c.name, got)
		}
	}
}

func TestPolicyRestrictsNetwork(t *testing.T) {
	t.Parallel()
	deny := func(action, resource, condition string) string {
		return `{"Effect":"Deny","Principal":"*","Action":` + action + `,"Resource":` + resource + `,"Condition":` + condition + `}`
	}
	vpce := `{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}`
	for _, c := range []struct {
		name, statement string
		want            bool
	}{
		{"endpoint", deny(`"s3:*"`, `"arn:aws:s3:::b/*"`, vpce), true},
		{"organisation", deny(`"s3:*"`, `"*"`, `{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`), true},
		{"own services aside", deny(`"s3:*"`, `"*"`, `{"StringNotEquals":{"aws:SourceVpc":"vpc-1"},"BoolIfExists":{"aws:ViaAWSService":"false"}}`), true},
		{"a role aside", deny(`"s3:*"`, `"*"`, `{"StringNotEquals":{"aws:SourceVpc":"vpc-1"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/x"}}`), true},
		{"any role aside", deny(`"s3:*"`, `"*"`, `{"StringNotEquals":{"aws:SourceVpc":"vpc-1"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}`), false},
		{"writes only", deny(`"s3:PutObject"`, `"*"`, vpce), false},
		{"bucket only", deny(`"s3:*"`, `"arn:aws:s3:::b"`, vpce), false},
		{"some objects", deny(`"s3:*"`, `"*"`, `{"StringNotEquals":{"aws:SourceVpce":"vpce-1"},"StringEquals":{"s3:prefix":"a"}}`), false},
		{"outside the internet", deny(`"s3:*"`, `"*"`, `{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`), false},
		{"inside the endpoint", deny(`"s3:*"`, `"*"`, `{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`), false},
		{"clear text", deny(`"s3:*"`, `"*"`, `{"Bool":{"aws:SecureTransport":"false"}}`), false},
	} {
		if got := policyOf(t, c.statement).restrictsNetwork(); got != c.want {
			t.Errorf("%s: restricts is %v", c.name, got)
		}
	}
}

func TestPolicyForeignAccounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, statement, want string }{
		{"arn and bare id", `{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::222222222222:root","333333333333"]},"Action":"s3:*","Resource":"*"}`, "[222222222222 333333333333]"},
		{"own", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/x"},"Action":"s3:*","Resource":"*"}`, "[]"},
		{"denied", `{"Effect":"Deny","Principal":{"AWS":"222222222222"},"Action":"s3:*","Resource":"*"}`, "[]"},
		{"content delivery", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"},"Action":"s3:GetObject","Resource":"*"}`, "[]"},
		{"by condition", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":["222222222222","111111111111"]}}}`, "[222222222222]"},
		{"everyone but", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"222222222222"}}}`, "[]"},
		{"deleted user", `{"Effect":"Allow","Principal":{"AWS":"AIDAEXAMPLE"},"Action":"s3:*","Resource":"*"}`, "[]"},
	} {
		if got := fmt.Sprint(policyOf(t, c.statement).foreignAccounts("111111111111")); got != c.want {
			t.Errorf("%s: %s; want %s", c.name, got, c.want)
		}
	}
}

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	encoded, err := parsePolicy("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%22%2A%22%2C%22Action%22%3A%22%2A%22%7D%7D")
	if err != nil || len(encoded.Statement) != 1 || !encoded.public() {
		t.Errorf("%+v %v", encoded, err)
	}
	for _, bad := range []string{"", "{", `{"Statement":"x"}`, "%zz"} {
		if _, err := parsePolicy(bad); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
}
