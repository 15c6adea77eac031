package aws

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
)

// policyLimit bounds the characters of one managed policy. IAM allows 6,144 and does not count white space.
const policyLimit = 6000

// grantStatement is one statement of the policy that lets the collectors read.
type grantStatement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource string
}

type grantPolicy struct {
	Version   string
	Statement []grantStatement
}

// Policy prints the least rights the collectors need, made from what each source declares: as an IAM policy (json), as a
// role with that policy for an account to deploy (cloudformation, terraform), or as the role inside each cluster
// (kubernetes), where IAM grants nothing. The account's role asks for an external id.
func Policy(format string) ([]byte, error) {
	statements := grantStatements(Permissions())
	switch format {
	case "json":
		return indented(grantPolicy{"2012-10-17", statements})
	case "cloudformation":
		return cloudFormation(statements)
	case "terraform":
		return terraform(statements)
	case "kubernetes":
		return kubernetes.Role(
			"What Plumbline reads inside a cluster of EKS. Apply it to each cluster, then let the collectors' role in:",
			"  aws eks create-access-entry --cluster-name CLUSTER --principal-arn ROLE_ARN --kubernetes-groups "+kubernetes.Group,
		), nil
	}
	return nil, fmt.Errorf("format %q is not one of json, cloudformation, terraform, kubernetes", format)
}

func indented(v any) ([]byte, error) {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print policy: %w", err)
	}
	return append(out, '\n'), nil
}

// grantStatements groups rights by service, one statement each.
func grantStatements(permissions []string) []grantStatement {
	byService := map[string]map[string]bool{}
	for _, p := range permissions {
		service, _, _ := strings.Cut(p, ":")
		if byService[service] == nil {
			byService[service] = map[string]bool{}
		}
		byService[service][p] = true
	}
	out := make([]grantStatement, 0, len(byService))
	for service, set := range byService {
		s := grantStatement{Sid: "Read" + statementName(service), Effect: "Allow", Resource: "*"}
		for p := range set {
			s.Action = append(s.Action, p)
		}
		sort.Strings(s.Action)
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Sid < out[j].Sid })
	return out
}

// statementName turns a service prefix into letters and digits, which is all that a statement's name may hold.
func statementName(service string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(service, func(r rune) bool { return r == '-' || r == '.' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// grantPolicies deals the statements out to as few policies as IAM's limit allows.
func grantPolicies(statements []grantStatement) []grantPolicy {
	var out []grantPolicy
	size := policyLimit
	for _, s := range statements {
		length := len(s.Sid) + 64
		for _, a := range s.Action {
			length += len(a) + 3
		}
		if size+length > policyLimit {
			out, size = append(out, grantPolicy{Version: "2012-10-17"}), 40
		}
		last := &out[len(out)-1]
		last.Statement = append(last.Statement, s)
		size += length
	}
	return out
}

func cloudFormation(statements []grantStatement) ([]byte, error) {
	type object = map[string]any
	resources := object{"Role": object{
		"Type": "AWS::IAM::Role",
		"Properties": object{
			"RoleName":    object{"Ref": "RoleName"},
			"Description": "Lets Plumbline read the settings of this account",
			"AssumeRolePolicyDocument": object{
				"Version": "2012-10-17",
				"Statement": []object{{
					"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": object{"AWS": object{"Ref": "CollectorArn"}},
					"Condition": object{"StringEquals": object{"sts:ExternalId": object{"Ref": "ExternalId"}}},
				}},
			},
		},
	}}
	for i, p := range grantPolicies(statements) {
		resources[fmt.Sprintf("Read%d", i+1)] = object{
			"Type":       "AWS::IAM::ManagedPolicy",
			"Properties": object{"PolicyDocument": p, "Roles": []object{{"Ref": "Role"}}},
		}
	}
	return indented(object{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              "A role with the least rights that Plumbline needs to read the settings of this account",
		"Parameters": object{
			"CollectorArn": object{"Type": "String", "Description": "ARN of the identity Plumbline runs as", "AllowedPattern": "arn:.+"},
			"ExternalId":   object{"Type": "String", "Description": "The external id of the connection", "MinLength": 2},
			"RoleName":     object{"Type": "String", "Default": "plumbline-collector"},
		},
		"Resources": resources,
		"Outputs":   object{"RoleArn": object{"Value": object{"Fn::GetAtt": []string{"Role", "Arn"}}}},
	})
}

const terraformHead = `variable "collector_arn" {
  type        = string
  description = "ARN of the identity Plumbline runs as"
}

variable "external_id" {
  type        = string
  description = "The external id of the connection"
}

variable "role_name" {
  type    = string
  default = "plumbline-collector"
}

resource "aws_iam_role" "plumbline" {
  name        = var.role_name
  description = "Lets Plumbline read the settings of this account"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.collector_arn }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}
`

const terraformTail = `
output "role_arn" {
  value = aws_iam_role.plumbline.arn
}
`

// terraform prints the policies as JSON inside jsonencode: a JSON object is an expression of Terraform's language too.
func terraform(statements []grantStatement) ([]byte, error) {
	var b strings.Builder
	b.WriteString(terraformHead)
	for i, p := range grantPolicies(statements) {
		document, err := json.MarshalIndent(p, "  ", "  ")
		if err != nil {
			return nil, fmt.Errorf("print policy: %w", err)
		}
		fmt.Fprintf(&b, `
resource "aws_iam_policy" "read_%[1]d" {
  name   = "${var.role_name}-read-%[1]d"
  policy = jsonencode(%[2]s)
}

resource "aws_iam_role_policy_attachment" "read_%[1]d" {
  role       = aws_iam_role.plumbline.name
  policy_arn = aws_iam_policy.read_%[1]d.arn
}
`, i+1, document)
	}
	b.WriteString(terraformTail)
	return []byte(b.String()), nil
}

// Collector stands in a trust policy for the identity the service runs as, which only its operator knows.
const Collector = "arn:aws:iam::REPLACE-WITH-THE-COLLECTORS-ACCOUNT:role/REPLACE-WITH-ITS-ROLE"
