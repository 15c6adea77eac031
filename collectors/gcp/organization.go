package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"cloud.google.com/go/asset/apiv1/assetpb"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Organization is a Google Cloud organisation. It has no resources of its own here: what is set above projects is asked
// with each project, for which it counts.
type Organization struct {
	id string
	// account is the service account that is acted as, in the projects too; empty where the credentials are used as they
	// are.
	account string
	calls   *Project
}

// KindProject is the kind under which the ledger notes how completely the projects of an organisation were listed.
const KindProject inventory.Kind = "gcp.resourcemanager.project"

// longestListing bounds the listing of an organisation's projects.
const longestListing = 20 * time.Minute

// ConnectOrganization reaches an organisation and confirms that it is there. One that is not named is the only one that
// the credentials see. Its projects are read by the same credentials. The errors name the setting to mend.
func ConnectOrganization(ctx context.Context, c Connection) (*Organization, error) {
	if _, err := inventory.ParseScope("gcp-org:" + c.Organization); c.Organization != "" && err != nil {
		return nil, fmt.Errorf("organisation %q is not the number of one; want one such as 123456789012", c.Organization)
	}
	c.Project = ""
	calls, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	o := &Organization{id: c.Organization, account: c.Impersonate, calls: calls}
	if o.id == "" {
		err = o.find(ctx)
	} else {
		err = o.confirm(ctx, c.Log)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// organizationBody is what the Resource Manager says of an organisation; its name holds the number.
type organizationBody struct {
	Name string `json:"name"`
}

// find takes the organisation that the credentials see, where that is one.
func (o *Organization) find(ctx context.Context) error {
	seen, err := fetch[struct {
		Organizations []organizationBody `json:"organizations"`
		Next          string             `json:"nextPageToken"`
	}](ctx, o.calls.clients(), projectAPI, "/v3/organizations:search", url.Values{"pageSize": {"10"}})
	if fault := explainConnect(err); fault != nil {
		return fault
	}
	switch {
	case err != nil:
		return fmt.Errorf("which organisation the credentials belong to is not told: name it with --scope gcp-org:<number>, "+
			"or grant %s on it (%s)", organizationPermission, reasonOf(err).Code)
	case len(seen.Organizations) != 1 || seen.Next != "":
		return fmt.Errorf("the credentials see %d organisations, not one: name one with --scope gcp-org:<number>, or grant "+
			"%s on it", len(seen.Organizations), organizationPermission)
	}
	number, ok := strings.CutPrefix(seen.Organizations[0].Name, "organizations/")
	if !ok || !numeric(number) {
		return errors.New("which organisation the credentials belong to is not told: the answer could not be read")
	}
	o.id = number
	return nil
}

// confirm asks whether the organisation is there. Where that is refused the name is believed: what it is needed for is
// to tell a wrong number at once.
func (o *Organization) confirm(ctx context.Context, log *slog.Logger) error {
	b, err := fetch[organizationBody](ctx, o.calls.clients(), projectAPI, "/v3/organizations/"+o.id, nil)
	if fault := explainConnect(err); fault != nil {
		return fault
	}
	switch {
	case gone(err):
		return fmt.Errorf("there is no organisation %s: check the number, as `gcloud organizations list` prints it", o.id)
	case err != nil:
		if log != nil {
			log.Warn("the organisation could not be confirmed and is taken as named", "organization", o.id,
				"action", organizationAction, "permission", organizationPermission, "code", reasonOf(err).Code)
		}
	case b.Name != "organizations/"+o.id:
		return fmt.Errorf("organisation %s answers as %q: check the number", o.id, b.Name)
	}
	return nil
}

// Scope is the scope id of the organisation.
func (o *Organization) Scope() inventory.ScopeID { return inventory.ScopeID("gcp-org:" + o.id) }

// Classes are those of the projects: none of them is missing in an organisation.
func (o *Organization) Classes() map[inventory.Class]bool { return Sources.Classes() }

// Collect collects nothing: what acts on the projects is collected with each.
func (o *Organization) Collect(context.Context, func() time.Time, collectors.Out) error { return nil }

// One fails: no resource is an organisation's own.
func (o *Organization) One(
	_ context.Context, kind inventory.Kind, _, _ string, _ func() time.Time, _ collectors.Out,
) (bool, error) {
	return false, fmt.Errorf("kind %q is collected with the project it lies in, not with the organisation", kind)
}

// Members lists the projects, those in folders and those being deleted included. An answer without any, or one that
// does not say how a project stands, is no complete one.
func (o *Organization) Members(ctx context.Context, now func() time.Time) ([]inventory.Member, inventory.LedgerRow) {
	ctx, cancel := context.WithTimeout(ctx, longestListing)
	defer cancel()
	row := inventory.LedgerRow{Scope: o.Scope(), Kind: KindProject, Region: collectors.Global, BeganAt: now()}
	members, err := o.listProjects(ctx)
	row.Listed, row.Described, row.Complete = len(members), len(members), err == nil
	if err != nil {
		reason := reasonOf(err)
		row.Unknown = &inventory.Unknown{Cause: reason.Cause, Code: reason.Code, Action: assetAction,
			Permission: assetPermission}
		if reason.Cure != "" {
			row.Unknown.Permission = reason.Cure
		}
		row.Errors = []inventory.CallErrors{{Action: assetAction, Code: reason.Code, Count: 1}}
		return nil, row
	}
	return members, row
}

var (
	errNoProject  = errors.New("an organisation without a project")
	errNoIdentity = errors.New("a project without an id or a state")
)

// listProjects reads every page. The asset inventory tells of a whole organisation at once, folders included.
func (o *Organization) listProjects(ctx context.Context) (members []inventory.Member, err error) {
	seen := map[inventory.ScopeID]bool{}
	told := o.calls.clients().inventoried(ctx, "organizations/"+o.id, assetpb.ContentType_RESOURCE, []string{projectAsset})
	for one, err := range told {
		if err != nil {
			return members, err
		}
		if one.GetAssetType() != projectAsset {
			continue
		}
		m, err := o.memberOf(one)
		if err != nil {
			return members, err
		}
		if !seen[m.Scope] {
			seen[m.Scope] = true
			members = append(members, m)
		}
	}
	if len(members) == 0 {
		return nil, &malformed{errNoProject}
	}
	return members, nil
}

// listedProject is a project in the words of the Resource Manager's first version, and of its third.
type listedProject struct {
	ID          string `json:"projectId"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	Lifecycle   string `json:"lifecycleState"`
	State       string `json:"state"`
}

// projectClosed are the states of a project that nobody can read, in words that follow "is".
var projectClosed = map[string]string{"DELETE_REQUESTED": "being deleted", "DELETE_IN_PROGRESS": "being deleted"}

// memberOf reads one project of the listing. One in a state that we do not know is taken for open: if it cannot be
// read, its own collection says so.
func (o *Organization) memberOf(told *assetpb.Asset) (inventory.Member, error) {
	a, err := assetOf(told)
	if err != nil {
		return inventory.Member{}, err
	}
	var p listedProject
	if len(a.Data) == 0 || json.Unmarshal(a.Data, &p) != nil {
		return inventory.Member{}, &malformed{errNoIdentity}
	}
	if p.Lifecycle != "" {
		p.State, p.DisplayName = p.Lifecycle, p.Name
	}
	scope, err := inventory.ParseScope("gcp:" + p.ID)
	if err != nil || p.State == "" || strings.HasSuffix(p.State, "_UNSPECIFIED") {
		return inventory.Member{}, &malformed{errNoIdentity}
	}
	return inventory.Member{Scope: scope, Name: p.DisplayName, Role: o.account, Closed: projectClosed[p.State]}, nil
}
