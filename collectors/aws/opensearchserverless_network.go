package aws

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// collectionDoor is one part of a network policy: from where the collections that its patterns stand for may be
// reached, by their own address or by that of their dashboards.
type collectionDoor struct {
	Rules []struct {
		Resource []string
	}
	AllowFromPublic bool     `json:",omitempty"`
	SourceVPCEs     []string `json:",omitempty"`
}

// collectionAccess is from where one collection answers. What the internet may reach, no other policy closes again.
type collectionAccess struct {
	Public    bool     `json:",omitempty"`
	Endpoints []string `json:",omitempty"`
}

// collectionPlace is where the endpoints of a collection stand, by the short ids of EC2.
type collectionPlace struct {
	Network string   `json:",omitempty"`
	Subnets []string `json:",omitempty"`
	Groups  []string `json:",omitempty"`
}

// askCollectionDoors reads every network policy of the region. One that may not be read could open any collection, so
// half of them are none.
func askCollectionDoors(ctx context.Context, c *Clients) collectors.Answer[[]collectionDoor] {
	names := ask("ListSecurityPolicies", "aoss:ListSecurityPolicies", func() (*[]string, error) {
		p := opensearchserverless.NewListSecurityPoliciesPaginator(c.OpenSearchServerless,
			&opensearchserverless.ListSecurityPoliciesInput{Type: types.SecurityPolicyTypeNetwork, MaxResults: aws.Int32(100)})
		return gathered(listed(ctx, p, func(o *opensearchserverless.ListSecurityPoliciesOutput) []string {
			var names []string
			for _, s := range o.SecurityPolicySummaries {
				names = append(names, aws.ToString(s.Name))
			}
			return names
		}))
	})
	if names.Value == nil {
		return collectors.Answer[[]collectionDoor]{Action: names.Action, Permission: names.Permission, Failed: names.Failed}
	}
	return ask("GetSecurityPolicy", "aoss:GetSecurityPolicy", func() (*[]collectionDoor, error) {
		doors := []collectionDoor{}
		for _, name := range *names.Value {
			out, err := c.OpenSearchServerless.GetSecurityPolicy(ctx, &opensearchserverless.GetSecurityPolicyInput{
				Name: aws.String(name), Type: types.SecurityPolicyTypeNetwork,
			})
			if err != nil {
				return nil, err
			}
			if out.SecurityPolicyDetail == nil || out.SecurityPolicyDetail.Policy == nil {
				return nil, unreadable("the network policy is not told")
			}
			var parts []collectionDoor
			text, err := out.SecurityPolicyDetail.Policy.MarshalSmithyDocument()
			if err != nil || json.Unmarshal(text, &parts) != nil {
				return nil, unreadable("the network policy cannot be read")
			}
			doors = append(doors, parts...)
		}
		return &doors, nil
	})
}

// accessOf picks what the policies say of one collection.
func accessOf(all collectors.Answer[[]collectionDoor], name string) collectors.Answer[collectionAccess] {
	one := collectors.Answer[collectionAccess]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value == nil {
		return one
	}
	one.Value = &collectionAccess{}
	for _, d := range *all.Value {
		if d.of(name) {
			one.Value.Public = one.Value.Public || d.AllowFromPublic
			one.Value.Endpoints = append(one.Value.Endpoints, d.SourceVPCEs...)
		}
	}
	slices.Sort(one.Value.Endpoints)
	one.Value.Endpoints = slices.Compact(one.Value.Endpoints)
	return one
}

// of says whether one of the patterns stands for a collection.
func (d collectionDoor) of(name string) bool {
	for _, rule := range d.Rules {
		for _, pattern := range rule.Resource {
			if covers(pattern, "collection/"+name) {
				return true
			}
		}
	}
	return false
}

// askCollectionPlace asks where endpoints stand. Of one that the answer leaves out nobody knows who comes by it.
func askCollectionPlace(ctx context.Context, c *Clients, endpoints []string) collectors.Answer[collectionPlace] {
	return ask("BatchGetVpcEndpoint", "aoss:BatchGetVpcEndpoint", func() (*collectionPlace, error) {
		out, err := c.OpenSearchServerless.BatchGetVpcEndpoint(ctx,
			&opensearchserverless.BatchGetVpcEndpointInput{Ids: endpoints})
		if err != nil {
			return nil, err
		}
		if len(out.VpcEndpointDetails) < len(endpoints) {
			return nil, unreadable("an endpoint is not told")
		}
		place := &collectionPlace{}
		for i, e := range out.VpcEndpointDetails {
			place.Subnets = append(place.Subnets, e.SubnetIds...)
			place.Groups = append(place.Groups, e.SecurityGroupIds...)
			if place.Network = aws.ToString(e.VpcId); i > 0 {
				// In more than one network, the subnets tell which.
				place.Network = ""
			}
		}
		return place, nil
	})
}

// collectionPlaceFacts states where a collection answers: at the provider's edge to everyone, through endpoints inside
// subnets behind security groups, or to services of the provider alone.
func collectionPlaceFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a collectionAnswers) {
	if why := a.Access.Unknown(); why != nil {
		r.SetUnknown(*why, "public_endpoint", "network", "subnets", "firewalls", "rules")
		return
	}
	access := a.Access.Value
	if access == nil {
		return
	}
	facts.PublicAddress = access.Public
	r.Known("public_endpoint")
	if access.Public || len(access.Endpoints) == 0 {
		if access.Public {
			facts.Rules = []inventory.Rule{{ID: "public network policy", Protocol: "tcp", From: 443, To: 443,
				Ranges: []string{"0.0.0.0/0", "::/0"}}}
		}
		r.Known("network", "subnets", "firewalls", "rules")
		return
	}
	if why := a.Place.Unknown(); why != nil {
		r.SetNotApplicable(filteredByGroups, "rules")
		r.SetUnknown(*why, "network", "subnets", "firewalls")
		return
	}
	if p := a.Place.Value; p != nil {
		groupedStoreFacts(w, r, facts, p.Groups, collectors.Answer[storePlace]{
			Value: &storePlace{Network: p.Network, Subnets: p.Subnets},
		})
		if len(p.Subnets) > 0 {
			r.Known("network")
		}
	}
}
