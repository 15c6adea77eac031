package gcp

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
)

// Rights to read what a role holds. Roles that Google wrote are shown to everybody who is signed in.
const rolePermission, roleAction = "iam.roles.get", "iam.roles.get"

// powers are what the rights of a role come to. The rights themselves are thousands for some roles.
type powers struct {
	// Write says that some right changes something.
	Write bool `json:"write,omitempty"`
	// Escalates says that some right lets the holder give itself more.
	Escalates bool `json:"escalates,omitempty"`
	// Duties are the sides of pairs of duties that the role holds.
	Duties []string `json:"duties,omitempty"`
}

// basicRoles hold everything, or everything but what concerns money and members, by words of one syllable.
var basicRoles = []string{"roles/owner", "roles/editor", "roles/admin", "roles/writer"}

// reading is the shape of a right that changes nothing.
var reading = regexp.MustCompile(`\.(get|list|search)[A-Za-z]*$`)

// escalating are rights over a whole project by which the holder comes to others: acting as any service account, or
// giving rights away. Setting the policy of a resource is among them only where it hands on rights over identities and
// projects: who administers all buckets gains nothing by sharing them with itself.
var escalating = []string{
	"iam.serviceAccounts.actAs", "iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.signBlob",
	"iam.serviceAccounts.signJwt", "iam.serviceAccounts.implicitDelegation", "iam.serviceAccounts.setIamPolicy",
	"iam.serviceAccountKeys.create", "iam.roles.update", "resourcemanager.projects.setIamPolicy",
	"resourcemanager.folders.setIamPolicy", "resourcemanager.organizations.setIamPolicy",
}

// duties are pairs that one holder should not have together, and rights that show each side.
var duties = []struct {
	name, one, other string
}{
	{"key_admin+key_use", "key_admin", "key_use"},
	{"identity_admin+identity_use", "identity_admin", "identity_use"},
	{"audit_admin+workload_admin", "audit_admin", "workload_admin"},
}

// dutyOf are the rights that show one side of a pair.
var dutyOf = map[string]string{
	"cloudkms.cryptoKeys.setIamPolicy": "key_admin", "cloudkms.cryptoKeyVersions.destroy": "key_admin",
	"cloudkms.cryptoKeyVersions.useToDecrypt": "key_use",
	"iam.serviceAccounts.create":              "identity_admin", "iam.serviceAccounts.setIamPolicy": "identity_admin",
	"iam.serviceAccounts.actAs": "identity_use", "iam.serviceAccounts.getAccessToken": "identity_use",
	"logging.sinks.update": "audit_admin", "logging.sinks.delete": "audit_admin",
	"compute.instances.create": "workload_admin", "compute.instances.setMetadata": "workload_admin",
	"container.clusters.update": "workload_admin", "run.services.update": "workload_admin",
	"cloudfunctions.functions.update": "workload_admin", "cloudsql.instances.update": "workload_admin",
	"storage.objects.delete": "workload_admin",
}

// powersOf sums rights up.
func powersOf(rights []string) *powers {
	p := &powers{}
	for _, right := range rights {
		p.Write = p.Write || !reading.MatchString(right)
		p.Escalates = p.Escalates || slices.Contains(escalating, right)
		if d := dutyOf[right]; d != "" && !slices.Contains(p.Duties, d) {
			p.Duties = append(p.Duties, d)
		}
	}
	slices.Sort(p.Duties)
	return p
}

// role asks once in a run what a role holds.
func (c *Clients) role(ctx context.Context, name string) collectors.Answer[powers] {
	return ask(roleAction, rolePermission, func() (*powers, error) {
		b, err := fetchOnce[struct {
			Rights []string `json:"includedPermissions"`
		}](ctx, c, iamAPI, "/v1/"+name, nil)
		if err != nil {
			return nil, err
		}
		if len(b.Rights) == 0 && strings.HasPrefix(name, "roles/") {
			// Google wrote no role without rights: these were left out.
			return nil, &malformed{errNoRights}
		}
		return powersOf(b.Rights), nil
	})
}

// together are the powers of several roles; nil where one of them is not known, with the answer that says why.
func together(all []collectors.Answer[powers]) (sum *powers, sure bool, why *collectors.Answer[powers]) {
	sum, sure = &powers{}, true
	for i, a := range all {
		if a.Value == nil {
			sure, why = false, &all[i]
			continue
		}
		sum.Write, sum.Escalates = sum.Write || a.Value.Write, sum.Escalates || a.Value.Escalates
		for _, d := range a.Value.Duties {
			if !slices.Contains(sum.Duties, d) {
				sum.Duties = append(sum.Duties, d)
			}
		}
	}
	return sum, sure, why
}

// conflicts are the pairs of duties that are held together.
func (p *powers) conflicts() []string {
	out := []string{}
	for _, d := range duties {
		if slices.Contains(p.Duties, d.one) && slices.Contains(p.Duties, d.other) {
			out = append(out, d.name)
		}
	}
	return out
}
