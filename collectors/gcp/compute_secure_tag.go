package gcp

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Rights to ask which secure tags count for a machine. Tags of what lies in a zone are told by an address of that zone.
const (
	tagsPermission = "compute.instances.listEffectiveTags"
	tagsAction     = "cloudresourcemanager.effectiveTags.list"
)

// secureTag is a tag of the organisation or project as rules of policies name it, by its id such as "tagValues/123".
type secureTag struct {
	Name string `json:"name"`
}

// secureTagID is the group of the machines that carry a secure tag. It is no mark: that it is empty is never certain,
// since machines of other projects may carry the tag.
func secureTagID(name string) string { return "//" + projectAPI + "/" + name }

// effectiveTags are secure tags that count for a machine, as far as rules name them.
type effectiveTags struct {
	Tags []effectiveTag `json:"effectiveTags"`
}

type effectiveTag struct {
	Value string `json:"tagValue"`
	// Inherited tags are bound above the machine. Whether filters heed them, Google does not say.
	Inherited bool `json:"inherited,omitempty"`
}

// namedTags are the secure tags that rules of the project's networks name, as far as the policies can be read: where one
// cannot, its rules are unknown themselves.
func (c *Clients) namedTags(ctx context.Context) []string {
	named := map[string]bool{}
	note := func(b *effectiveBody) {
		for _, p := range b.Policys {
			for _, r := range p.Rules {
				for _, t := range slices.Concat(r.TargetSecureTags, r.Match.SrcSecureTags) {
					named[t.Name] = true
				}
			}
		}
	}
	networks, err := c.keep(ctx, networksWay)
	if err != nil {
		return nil
	}
	regions, _ := regionsOf(ctx, c) // Without them only regional policies are left out, whose listing fails then.
	for _, n := range networks {
		if b, err := effective(ctx, c, idOf(n)); err == nil {
			note(b)
		}
		for _, region := range regions[idOf(n)] {
			if b, err := effectiveIn(ctx, c, idOf(n), region); err == nil {
				note(b)
			}
		}
	}
	return sortedKeys(named)
}

// askInterface asks for the secure tags of a machine where rules name any.
func askInterface(ctx context.Context, c *Clients, i interfaceItem) interfaceItem {
	if len(i.Named) == 0 {
		return i
	}
	i.Secure = ask(tagsAction, tagsPermission, func() (*effectiveTags, error) { return c.tagsOf(ctx, i) })
	return i
}

func (c *Clients) tagsOf(ctx context.Context, i interfaceItem) (*effectiveTags, error) {
	project := cmp.Or(c.number(ctx), c.Project)
	query := url.Values{"pageSize": {"300"}, "parent": {strings.Join([]string{"//" + computeAPI, "projects", project,
		"zones", i.Zone, "instances", cmp.Or(i.Number, short(i.Instance))}, "/")}}
	out := &effectiveTags{}
	for {
		page, err := fetchOnce[struct {
			effectiveTags
			Next string `json:"nextPageToken"`
		}](ctx, c, i.Zone+"-"+projectAPI, "/v3/effectiveTags", query)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Tags {
			if slices.Contains(i.Named, t.Value) {
				out.Tags = append(out.Tags, t)
			}
		}
		if page.Next == "" {
			return out, nil
		}
		query.Set("pageToken", page.Next)
	}
}

// secureGroups states the groups of an interface with the secure tags of its machine.
func secureGroups(r *inventory.Resource, facts *inventory.NetworkInterface, i interfaceItem) {
	if i.Secure.Action == "" {
		r.Known("groups")
		return
	}
	inherited := false
	collectors.Know(r, i.Secure, func(v *effectiveTags) {
		if v == nil {
			return
		}
		for _, t := range v.Tags {
			inherited = inherited || t.Inherited
			facts.Groups = append(facts.Groups, secureTagID(t.Value))
		}
		slices.Sort(facts.Groups)
	}, "groups")
	if inherited {
		notAsked(r, tagsAction, tagsPermission, "groups")
	}
}
