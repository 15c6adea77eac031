package gcp

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	instanceGroupsWay = &way{
		types: []string{"compute.googleapis.com/InstanceGroup"}, api: computeAPI,
		path: "/compute/v1/projects/{project}/aggregated/instanceGroups", items: "instanceGroups", scoped: true,
		permission: "compute.instanceGroups.list", action: "compute.instanceGroups.aggregatedList",
	}
	targetPoolsWay     = proxiesWay("TargetPool", "targetPools")
	targetInstancesWay = proxiesWay("TargetInstance", "targetInstances")
)

const (
	membersAction = "compute.instanceGroups.listInstances"
	groupList     = "compute.instanceGroups.list"
	endpointsGet  = "compute.networkEndpointGroups.get"
	endpointsList = "compute.networkEndpointGroups.list"
	instanceGet   = "compute.instances.get"
)

var (
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, targetAnswers]{
		Kind: "gcp.compute.backend_service", Class: inventory.ClassForwardingTarget,
		Permissions: append(balancerPermissions(backendServicesWay), groupList, endpointsGet, endpointsList),
		ListAction:  backendServicesWay.action, ListPermission: backendServicesWay.permission,
		Global: true, NoLabels: true, List: backendServicesWay.kept, Find: backendServicesWay.find,
		Ask: askBackendService, Facts: backendServiceFacts,
	})
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, targetAnswers]{
		Kind: "gcp.compute.target_pool", Class: inventory.ClassForwardingTarget,
		Permissions: append(balancerPermissions(targetPoolsWay), instanceGet),
		ListAction:  targetPoolsWay.action, ListPermission: targetPoolsWay.permission,
		Global: true, NoLabels: true, List: targetPoolsWay.list, Find: targetPoolsWay.find,
		Ask: askPool, Facts: poolFacts,
	})
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, targetAnswers]{
		Kind: "gcp.compute.target_instance", Class: inventory.ClassForwardingTarget,
		Permissions: append(balancerPermissions(targetInstancesWay), instanceGet),
		ListAction:  targetInstancesWay.action, ListPermission: targetInstancesWay.permission,
		Global: true, NoLabels: true, List: targetInstancesWay.list, Find: targetInstancesWay.find,
		Ask: askPool, Facts: poolFacts,
	})
)

// serviceBody is a backend service.
type serviceBody struct {
	Protocol  string `json:"protocol"`
	Port      number `json:"port"`
	PortName  string `json:"portName"`
	Scheme    string `json:"loadBalancingScheme"`
	Policy    string `json:"securityPolicy"`
	LogConfig *struct {
		Enable bool `json:"enable"`
	} `json:"logConfig"`
	IAP *struct {
		Enabled bool `json:"enabled"`
	} `json:"iap"`
	Backends []struct {
		Group string `json:"group"`
	} `json:"backends"`
}

// targetAnswers is a set of targets with its members and the forwarding rules that lead to it.
type targetAnswers struct {
	Item    asset
	Fronts  collectors.Answer[frontsOf]
	Members collectors.Answer[members]
}

// members are what stands behind a set.
type members struct {
	Network string   `json:"network,omitempty"`
	Members []member `json:"members,omitempty"`
}

type member struct {
	Instance string `json:"instance,omitempty"`
	Address  string `json:"address,omitempty"`
	Ports    []int  `json:"ports,omitempty"`
}

func (c *Clients) askFronts(ctx context.Context, id string) collectors.Answer[frontsOf] {
	return ask(forwardingRulesWay.action, forwardingRulesWay.permission, func() (*frontsOf, error) {
		return c.frontsOf(ctx,
			id)
	})
}

func askBackendService(ctx context.Context, c *Clients, a asset) targetAnswers {
	b := read[serviceBody](a)
	return targetAnswers{
		Item: a, Fronts: c.askFronts(ctx, idOf(a)),
		Members: ask(membersAction, groupList, func() (*members, error) {
			out := &members{}
			for _, backend := range b.Backends {
				if err := c.addGroup(ctx, out, computeID(backend.Group), b.PortName, int(b.Port)); err != nil {
					return nil, err
				}
			}
			return out, nil
		}),
	}
}

// addGroup adds the members of a group of machines or of endpoints.
func (c *Clients) addGroup(ctx context.Context, out *members, id, portName string, port int) error {
	if strings.Contains(id, "/networkEndpointGroups/") {
		return c.addEndpoints(ctx, out, id)
	}
	if !strings.Contains(id, "/instanceGroups/") {
		return nil
	}
	ports, err := c.namedPorts(ctx, out, id, portName)
	if err != nil {
		return err
	}
	if len(ports) == 0 && port > 0 {
		ports = []int{port}
	}
	query := map[string][]string{}
	for {
		body, err := c.call(ctx, http.MethodPost, computeAPI, "/compute/v1"+id[strings.Index(id,
			"/projects/"):]+"/listInstances", query, struct{}{})
		if err != nil {
			return err
		}
		page, err := decoded[struct {
			Items []struct {
				Instance string `json:"instance"`
			} `json:"items"`
			Next string `json:"nextPageToken"`
		}](body)
		if err != nil {
			return err
		}
		for _, i := range page.Items {
			out.Members = append(out.Members, member{Instance: computeID(i.Instance), Ports: ports})
		}
		if page.Next == "" {
			return nil
		}
		query["pageToken"] = []string{page.Next}
	}
}

// namedPorts reads the group itself: its network, and the ports that go by a name.
func (c *Clients) namedPorts(ctx context.Context, out *members, id, portName string) ([]int, error) {
	group, err := lookedUp[struct {
		Network    string `json:"network"`
		NamedPorts []struct {
			Name string `json:"name"`
			Port number `json:"port"`
		} `json:"namedPorts"`
	}](ctx, c, instanceGroupsWay, id)
	if err != nil || group == nil {
		return nil, err
	}
	if out.Network == "" {
		out.Network = computeID(group.Network)
	}
	var ports []int
	for _, p := range group.NamedPorts {
		if p.Name == portName {
			ports = append(ports, int(p.Port))
		}
	}
	return ports, nil
}

// addEndpoints adds the endpoints of a group: addresses of machines or of containers on them. Groups of functions and
// of outside hosts have none in a network.
func (c *Clients) addEndpoints(ctx context.Context, out *members, id string) error {
	path := "/compute/v1" + id[strings.Index(id, "/projects/"):]
	group, err := fetchOnce[struct {
		Network string `json:"network"`
		Type    string `json:"networkEndpointType"`
	}](ctx, c, computeAPI, path, nil)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(group.Type, "GCE_VM_IP") {
		return nil
	}
	if out.Network == "" {
		out.Network = computeID(group.Network)
	}
	query := map[string][]string{}
	for {
		body, err := c.call(ctx, http.MethodPost, computeAPI, path+"/listNetworkEndpoints", query, struct{}{})
		if err != nil {
			return err
		}
		page, err := decoded[struct {
			Items []struct {
				Endpoint struct {
					Address string `json:"ipAddress"`
					Port    number `json:"port"`
				} `json:"networkEndpoint"`
			} `json:"items"`
			Next string `json:"nextPageToken"`
		}](body)
		if err != nil {
			return err
		}
		for _, i := range page.Items {
			m := member{Address: i.Endpoint.Address}
			if i.Endpoint.Port > 0 {
				m.Ports = []int{int(i.Endpoint.Port)}
			}
			out.Members = append(out.Members, m)
		}
		if page.Next == "" {
			return nil
		}
		query["pageToken"] = []string{page.Next}
	}
}

// askPool asks about a pool, or about a single machine that traffic is handed to.
func askPool(ctx context.Context, c *Clients, a asset) targetAnswers {
	b := read[struct {
		Instances []string `json:"instances"`
		Instance  string   `json:"instance"`
	}](a)
	if b.Instance != "" {
		b.Instances = append(b.Instances, b.Instance)
	}
	return targetAnswers{
		Item: a, Fronts: c.askFronts(ctx, idOf(a)),
		Members: ask("compute.instances.get", instanceGet, func() (*members, error) {
			out := &members{}
			for _, link := range b.Instances {
				out.Members = append(out.Members, member{Instance: computeID(link)})
			}
			for _, m := range out.Members {
				path := "/compute/v1" + m.Instance[strings.Index(m.Instance, "/projects/"):]
				i, err := fetchOnce[instanceBody](ctx, c, computeAPI, path, nil)
				if gone(err) {
					continue
				}
				if err != nil {
					return nil, err
				}
				if len(i.NetworkInterfaces) > 0 {
					out.Network = computeID(i.NetworkInterfaces[0].Network)
				}
				break
			}
			return out, nil
		}),
	}
}

func backendServiceFacts(_ collectors.Where, a targetAnswers) *inventory.Resource {
	b := read[serviceBody](a.Item)
	facts := &inventory.ForwardingTarget{Protocol: strings.ToLower(b.Protocol), Port: int(b.Port)}
	if facts.Protocol == "unspecified" {
		facts.Protocol = "any"
	}
	r := begin(a.Item, facts)
	if facts.Protocol == "" {
		lacks(r, backendServicesWay, "protocol")
	} else {
		r.Known("protocol")
	}
	r.Known("port")
	targetFacts(r, facts, &a)
	return r
}

func poolFacts(_ collectors.Where, a targetAnswers) *inventory.Resource {
	facts := &inventory.ForwardingTarget{Protocol: "tcp"}
	r := begin(a.Item, facts)
	if v := a.Fronts.Value; v != nil {
		for _, f := range v.Fronts {
			if facts.Protocol != f.Carrier {
				facts.Protocol = f.Carrier
			}
		}
	}
	r.Known("protocol", "port")
	targetFacts(r, facts, &a)
	return r
}

// targetFacts states the members and what leads to them. Where packets are handed on as they came, they arrive on the
// ports of the forwarding rule; where a proxy stands between, on those of the member.
func targetFacts(r *inventory.Resource, facts *inventory.ForwardingTarget, a *targetAnswers) {
	facts.EntryPoints, facts.Targets, facts.Resources = []string{}, []inventory.Target{}, []string{}
	collectors.Know(r, a.Fronts, func(v *frontsOf) {
		for _, f := range v.Fronts {
			facts.EntryPoints = append(facts.EntryPoints, f.Rule)
			facts.PreservesCaller = facts.PreservesCaller || f.PassThrough
		}
		slices.Sort(facts.EntryPoints)
	}, "entry_points", "preserves_caller")
	collectors.Know(r, a.Members, func(v *members) {
		facts.Network = v.Network
		for _, m := range v.Members {
			facts.Targets = append(facts.Targets, m.targets(a.Fronts.Value, facts.Port)...)
			if m.Instance != "" && !slices.Contains(facts.Resources, m.Instance) {
				facts.Resources = append(facts.Resources, m.Instance)
			}
		}
		slices.Sort(facts.Resources)
	}, "network", "targets", "resources")
	if why := a.Fronts.Unknown(); why != nil && len(facts.Targets) == 0 {
		r.SetUnknown(*why, "targets")
	}
}

// targets are the ports of one member that traffic arrives on.
func (m member) targets(f *frontsOf, port int) []inventory.Target {
	at := inventory.Target{Resource: m.Instance, Address: m.Address}
	if m.Instance != "" {
		at.Address = ""
	}
	var out []inventory.Target
	add := func(from, to int) {
		if at.Port, at.To = from, to; to == from {
			at.To = 0
		}
		if !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	passed, proxied := false, false
	if f != nil {
		for _, front := range f.Fronts {
			if !front.PassThrough {
				proxied = true
				continue
			}
			passed = true
			for _, s := range front.Ports {
				add(s.From, s.To)
			}
		}
	}
	if proxied || !passed {
		ports := m.Ports
		if len(ports) == 0 && port > 0 {
			ports = []int{port}
		}
		for _, p := range ports {
			add(p, p)
		}
	}
	return out
}
