// Package reach works out the facts that rest on many resources: who can reach what, who holds which rights, what a
// label says. Each is a pure function of facts and settings; nothing here reads a clock, a cloud or a database, names a
// check, or branches on a cloud.
package reach

import (
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// World is the inventory as derivations see it. Whoever provides it notes what was looked at: the derived facts rest on
// exactly that, and are worked out again when it changes.
type World interface {
	// Get returns a resource by its id, with its facts; nil when the inventory has none.
	Get(id string) *inventory.Resource
	// Into returns the resources of a class that link to the id by the named edge, in the order of their ids.
	Into(class inventory.Class, link, id string) []*inventory.Resource
	// Missing says why the listing of a class in a scope and region is not complete: what is not found may then exist
	// all the same. It is empty when every listing of the class there is complete. A listing of every region counts for
	// each; an empty region asks for all of them, and an empty class for every class whose resources carry labels.
	Missing(class inventory.Class, scope inventory.ScopeID, region string) []inventory.Unknown
	// Labels returns the distinct sets of labels that the scope's resources carry by these names, in whatever case, and
	// why some of the resources' labels could not be read. It is one question however many resources there are, and the
	// sets may hold labels of other names.
	Labels(scope inventory.ScopeID, names []string) ([]map[string]string, []inventory.Unknown)
	// Owns says whether an account is the organisation's own: a scope of the tenant, or named in the settings.
	Owns(account string) bool
	// Settings are the tenant's.
	Settings() *inventory.Settings
}

// derivations are the functions that fill the derived attributes of a class, by class.
var derivations = map[inventory.Class]func(*inventory.Resource, World){
	inventory.ClassAccessGrant:       deriveGrant,
	inventory.ClassAuditTrail:        deriveTrail,
	inventory.ClassCloudAccount:      deriveAccount,
	inventory.ClassComputeInstance:   deriveMachine,
	inventory.ClassContainerRegistry: deriveRegistry,
	inventory.ClassContainerWorkload: deriveWorkload,
	inventory.ClassDatabase:          deriveDatabase,
	inventory.ClassDeliveryPipeline:  derivePipeline,
	inventory.ClassDisk:              deriveDisk,
	inventory.ClassDNSZone:           deriveZone,
	inventory.ClassEncryptionKey:     deriveKey,
	inventory.ClassEntryPoint:        deriveEntryPoint,
	inventory.ClassFileShare:         deriveFileShare,
	inventory.ClassFirewall:          deriveFirewall,
	inventory.ClassIdentity:          deriveIdentity,
	inventory.ClassKubernetesCluster: deriveCluster,
	inventory.ClassLogStore:          deriveLogStore,
	inventory.ClassMessageChannel:    deriveChannel,
	inventory.ClassNetwork:           deriveNetwork,
	inventory.ClassNetworkLink:       deriveLink,
	inventory.ClassObjectStorage:     deriveStore,
	inventory.ClassSecret:            deriveSecret,
	inventory.ClassSecurityService:   deriveService,
	inventory.ClassSnapshot:          deriveSnapshot,
	inventory.ClassSubnet:            deriveSubnet,
}

// Derive forgets the derived facts of a resource and works them out again. What it cannot work out it leaves unknown,
// with the reason.
func Derive(r *inventory.Resource, w World) {
	r.ForgetDerived()
	if r.Placeholder {
		return
	}
	if enveloped(r.Schema()) {
		envelope(r, w)
	}
	if derive := derivations[r.Class]; derive != nil {
		derive(r, w)
	}
}

// Derives says whether resources of the class have derived facts at all.
func Derives(class inventory.Class) bool {
	s := inventory.SchemaOf(class)
	return s != nil && enveloped(s)
}

// enveloped says whether a class has the attributes that every class of checks has. Those that only help to judge others
// may have an owner of their own.
func enveloped(s *inventory.Schema) bool {
	owner := s.Attribute("owner")
	return owner != nil && owner.Envelope()
}
