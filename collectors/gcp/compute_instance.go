package gcp

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var instancesWay = &way{
	types: []string{"compute.googleapis.com/Instance"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/aggregated/instances", items: "instances", scoped: true,
	permission: "compute.instances.list", action: "compute.instances.aggregatedList",
}

var (
	_ = collectors.Register(&Sources, collectors.Source[*Clients, instanceItem, instanceItem]{
		Kind: "gcp.compute.instance", Class: inventory.ClassComputeInstance, Permissions: instancesWay.permissions(),
		ListAction: instancesWay.action, ListPermission: instancesWay.permission,
		Global: true, List: listInstances, Find: findInstance, Facts: instanceFacts,
	})
	_ = collectors.Register(&Sources, collectors.Source[*Clients, interfaceItem, interfaceItem]{
		Kind: "gcp.compute.network_interface", Class: inventory.ClassNetworkInterface,
		Permissions: instancesWay.permissions(tagsPermission, networksWay.permission, effectivePermission,
			regionalPermission, subnetworksWay.permission),
		ListAction: instancesWay.action, ListPermission: instancesWay.permission,
		Global: true, NoLabels: true, List: listInterfaces, Ask: askInterface, Facts: interfaceFacts,
	})
)

type instanceBody struct {
	Number            json.RawMessage `json:"id"`
	Status            string          `json:"status"`
	NetworkInterfaces []interfaceBody `json:"networkInterfaces"`
	ServiceAccounts   []struct {
		Email string `json:"email"`
	} `json:"serviceAccounts"`
	Tags struct {
		Items []string `json:"items"`
	} `json:"tags"`
	Shielded *struct {
		SecureBoot *bool `json:"enableSecureBoot"`
		VTPM       *bool `json:"enableVtpm"`
		Integrity  *bool `json:"enableIntegrityMonitoring"`
	} `json:"shieldedInstanceConfig"`
	Disks []struct {
		Boot     bool     `json:"boot"`
		Licenses []string `json:"licenses"`
	} `json:"disks"`
	Metadata metadataBody `json:"metadata"`
}

type interfaceBody struct {
	Name          string       `json:"name"`
	Network       string       `json:"network"`
	Subnetwork    string       `json:"subnetwork"`
	NetworkIP     string       `json:"networkIP"`
	IPv6Address   string       `json:"ipv6Address"`
	AccessConfigs []accessBody `json:"accessConfigs"`
	IPv6Access    []accessBody `json:"ipv6AccessConfigs"`
}

type accessBody struct {
	NatIP        string `json:"natIP"`
	ExternalIPv6 string `json:"externalIpv6"`
}

type metadataBody struct {
	Items []metadataItem `json:"items"`
}

type metadataItem struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// interfaces are the interfaces of a machine, each with a name: Google names them by their order, plans leave it out.
func (b *instanceBody) interfaces() []interfaceBody {
	out := slices.Clone(b.NetworkInterfaces)
	for i := range out {
		if out[i].Name == "" {
			out[i].Name = "nic" + strconv.Itoa(i)
		}
	}
	return out
}

// on says whether an entry is set to a word that means yes.
func (m *metadataBody) on(key string) bool {
	return slices.ContainsFunc(m.Items, func(i metadataItem) bool {
		word := strings.ToLower(i.Value)
		return i.Key == key && (word == "true" || word == "1" || word == "yes" || word == "y")
	})
}

// shownValues are the entries of metadata whose values are switches and names; those of others may hold anything, so
// they are searched for secrets and forgotten.
var shownValues = []string{"enable-oslogin", "block-project-ssh-keys", "serial-port-enable", "enable-osconfig",
	"created-by",
	"instance-template", "enable-guest-attributes"}

// instanceItem is a machine without the values of its metadata, and with what was found in them.
type instanceItem struct {
	Instance asset
	Secrets  []collectors.SecretMatch
	// Unreadable says that start-up data could not be unpacked.
	Unreadable bool
}

func listInstances(ctx context.Context, c *Clients) iter.Seq2[instanceItem, error] {
	return instances(instancesWay.list(ctx, c))
}

func findInstance(ctx context.Context, c *Clients, id string) iter.Seq2[instanceItem, error] {
	return instances(instancesWay.find(ctx, c, id))
}

func instances(all iter.Seq2[asset, error]) iter.Seq2[instanceItem, error] {
	return func(yield func(instanceItem, error) bool) {
		for a, err := range all {
			var item instanceItem
			if err == nil {
				item, err = withoutMetadata(a)
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// withoutMetadata searches the metadata of a machine for secrets and takes the values out.
func withoutMetadata(a asset) (instanceItem, error) {
	item := instanceItem{Instance: a}
	whole, err := decoded[map[string]json.RawMessage](a.Data)
	if err != nil {
		return item, err
	}
	raw := (*whole)["metadata"]
	if raw == nil {
		return item, nil
	}
	m, err := decoded[metadataBody](raw)
	if err != nil {
		return item, err
	}
	counts := map[string]int{}
	for i := range m.Items {
		entry := &m.Items[i]
		if slices.Contains(shownValues, entry.Key) {
			continue
		}
		found, err := collectors.FindSecretsIn([]byte(entry.Value))
		item.Unreadable = item.Unreadable || err != nil
		for _, f := range found {
			counts[f.Pattern] += f.Count
		}
		entry.Value = ""
	}
	for _, pattern := range sortedKeys(counts) {
		item.Secrets = append(item.Secrets, collectors.SecretMatch{Pattern: pattern, Count: counts[pattern]})
	}
	if (*whole)["metadata"], err = json.Marshal(m); err != nil {
		return item, err
	}
	item.Instance.Data, err = json.Marshal(whole)
	return item, err
}

func instanceFacts(_ collectors.Where, i instanceItem) *inventory.Resource {
	b := read[instanceBody](i.Instance)
	facts := &inventory.ComputeInstance{
		Running: b.Status == "RUNNING", Interfaces: []string{}, MetadataHardened: true,
		PlaintextSecrets: collectors.Matches(i.Secrets),
	}
	r := begin(i.Instance, facts)
	facts.InVirtualNetwork = len(b.NetworkInterfaces) > 0
	for _, n := range b.interfaces() {
		facts.Interfaces = append(facts.Interfaces, interfaceID(r.ID, n.Name))
		facts.InVirtualNetwork = facts.InVirtualNetwork && n.Subnetwork != ""
	}
	if len(b.NetworkInterfaces) == 0 {
		// Every machine has an interface: an answer without any leaves them out.
		lacks(r, instancesWay, "interfaces", "in_virtual_network")
	} else {
		r.Known("interfaces", "in_virtual_network")
	}
	// The metadata server refuses calls without its header, and there is no older one.
	r.SetInherent("metadata_hardened")
	if len(b.ServiceAccounts) > 0 {
		facts.Identity = serviceAccountID(b.ServiceAccounts[0].Email, projectOf(r.ID))
	}
	r.Known("identity")
	if b.Status == "" {
		lacks(r, instancesWay, "running")
	} else {
		r.Known("running")
	}
	shielded(r, facts, &b)
	family(r, facts, &b)
	if i.Unreadable && len(i.Secrets) == 0 {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Code: "Unpacking", Action: instancesWay.action,
			Permission: instancesWay.permission}, "plaintext_secrets")
	} else {
		r.Known("plaintext_secrets")
	}
	notAsked(r, "compute.disks.get", "compute.disks.get", "image_id")
	return r
}

// serviceAccountID is the full resource name of a service account.
func serviceAccountID(email, project string) string {
	if p := ownerOf("serviceAccount:" + email); p != "" && !digits(p) {
		project = p
	}
	return "//iam.googleapis.com/projects/" + project + "/serviceAccounts/" + email
}

// shielded states whether a machine boots signed code only, measured by a virtual trusted module.
func shielded(r *inventory.Resource, facts *inventory.ComputeInstance, b *instanceBody) {
	s := b.Shielded
	if s == nil {
		// A machine of an image that cannot be shielded says nothing of it.
		r.Known("secure_boot")
		return
	}
	facts.SecureBoot = s.SecureBoot != nil && *s.SecureBoot && s.VTPM != nil && *s.VTPM && s.Integrity != nil &&
		*s.Integrity
	r.Known("secure_boot")
}

// family states the family of the system by the licences of the boot disk; one without licences does not say.
func family(r *inventory.Resource, facts *inventory.ComputeInstance, b *instanceBody) {
	for _, d := range b.Disks {
		if !d.Boot || len(d.Licenses) == 0 {
			continue
		}
		facts.OSFamily = "linux"
		for _, l := range d.Licenses {
			if strings.Contains(strings.ToLower(l), "windows") {
				facts.OSFamily = "windows"
			}
		}
		r.Known("os_family")
		return
	}
	notAsked(r, "osconfig.instances.inventories.get", "osconfig.inventories.get", "os_family")
}

// interfaceItem is one interface with what the rules of its network ask about its machine.
type interfaceItem struct {
	Instance string
	Zone     string
	Tags     []string
	Accounts []string
	Data     interfaceBody
	// Number is the number of the machine. Named are the secure tags that rules name, and Secure those of them that
	// count for the machine, asked where any rule names one.
	Number string                           `json:",omitempty"`
	Named  []string                         `json:",omitempty"`
	Secure collectors.Answer[effectiveTags] `json:",omitzero"`
}

func interfaceID(instance, name string) string { return instance + "/networkInterfaces/" + name }

func listInterfaces(ctx context.Context, c *Clients) iter.Seq2[interfaceItem, error] {
	return func(yield func(interfaceItem, error) bool) {
		named := c.namedTags(ctx)
		for a, err := range instancesWay.list(ctx, c) {
			if err != nil {
				yield(interfaceItem{}, err)
				return
			}
			b, err := decoded[instanceBody](a.Data)
			if err != nil {
				yield(interfaceItem{}, err)
				return
			}
			for _, i := range interfacesOf(a, b) {
				if i.Named = named; len(named) > 0 {
					i.Number = strings.Trim(string(b.Number), `"`)
				}
				if !yield(i, nil) {
					return
				}
			}
		}
	}
}

func interfacesOf(a asset, b *instanceBody) []interfaceItem {
	var out []interfaceItem
	for _, n := range b.interfaces() {
		item := interfaceItem{Instance: idOf(a), Zone: segment(idOf(a), "zones"), Tags: b.Tags.Items, Data: n}
		for _, s := range b.ServiceAccounts {
			item.Accounts = append(item.Accounts, s.Email)
		}
		out = append(out, item)
	}
	return out
}

func interfaceFacts(_ collectors.Where, i interfaceItem) *inventory.Resource {
	n := i.Data
	facts := &inventory.NetworkInterface{
		Network: computeID(n.Network), Subnet: computeID(n.Subnetwork), Wearer: i.Instance, WearerType: "machine",
		Firewalls: []string{}, PrivateAddresses: []string{}, PublicAddresses: []string{},
	}
	region := regionOf(common{Zone: i.Zone}, i.Instance)
	r := inventory.New(interfaceID(i.Instance, n.Name), short(i.Instance)+"/"+n.Name, region, facts)
	if facts.Subnet == "" {
		// In a network of the first generation the network itself is the only subnet.
		facts.Subnet = facts.Network
	}
	for _, address := range []string{n.NetworkIP, n.IPv6Address} {
		if address != "" {
			facts.PrivateAddresses = append(facts.PrivateAddresses, address)
		}
	}
	for _, access := range slices.Concat(n.AccessConfigs, n.IPv6Access) {
		for _, address := range []string{access.NatIP, access.ExternalIPv6} {
			if address != "" {
				facts.PublicAddresses = append(facts.PublicAddresses, address)
			}
		}
	}
	facts.Groups = groupsOf(facts.Network, region, i.Tags, i.Accounts)
	r.Known("wearer", "wearer_type", "firewalls", "private_addresses", "public_addresses")
	if facts.Network == "" {
		// Without its network nothing is known of the rules that guard it.
		lacks(r, instancesWay, "network", "subnet", "groups")
		return r
	}
	r.Known("network", "subnet")
	secureGroups(r, facts, i)
	return r
}

// groupsOf are the groups rules of a network may speak of: all of it, its machines of a region, and those that carry a
// tag or run as an account.
func groupsOf(network, region string, tags, accounts []string) []string {
	out := []string{network, regionMark(network, region)}
	for _, t := range tags {
		out = append(out, tagMark(network, t))
	}
	for _, a := range accounts {
		out = append(out, accountMark(network, a))
	}
	slices.Sort(out)
	return out
}
