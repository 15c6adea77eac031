package azure

import (
	"context"
	"slices"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var disks = rowsOf{typ: "Microsoft.Compute/disks", version: "2024-03-02"}

var snapshots = rowsOf{typ: "Microsoft.Compute/snapshots", version: "2024-03-02"}

// disk is what is read of a disk or of a copy of one.
type disk struct {
	Created  *time.Time `json:"timeCreated,omitempty"`
	Creation *struct {
		Source string `json:"sourceResourceId,omitempty"`
		Unique string `json:"sourceUniqueId,omitempty"`
	} `json:"creationData,omitempty"`
	State string `json:"diskState,omitempty"`
	// Shared are the machines of a disk that several have at once.
	Shared     []string `json:"managedByExtended,omitempty"`
	Access     string   `json:"publicNetworkAccess,omitempty"`
	Policy     string   `json:"networkAccessPolicy,omitempty"`
	Encryption *struct {
		Type string `json:"type,omitempty"`
		Set  string `json:"diskEncryptionSetId,omitempty"`
	} `json:"encryption,omitempty"`
}

func (d disk) source() string {
	if d.Creation == nil {
		return ""
	}
	return armID(d.Creation.Source)
}

// keySet is what holds the key of a disk; empty for the platform's key.
func (d disk) keySet() string {
	if d.Encryption == nil {
		return ""
	}
	return armID(d.Encryption.Set)
}

// customerTypes are the ways of encryption with a key of one's own.
var customerTypes = []string{"encryptionatrestwithcustomerkey", "encryptionatrestwithplatformandcustomerkeys"}

var _ = register("azure.compute.disk", inventory.ClassDisk, disks, diskFacts)

func diskFacts(_ collectors.Where, s seen[disk]) *inventory.Resource {
	p := s.Row.Properties
	facts := &inventory.Disk{EncryptedAtRest: true, Source: p.source(), EncryptionKey: p.keySet()}
	r := described(s, facts)
	defer leftOut(r, disks)
	r.SetInherent("encrypted_at_rest")
	if p.Creation != nil {
		r.Known("source")
	}
	if p.Encryption != nil {
		facts.CustomerKey = slices.Contains(customerTypes, lower(p.Encryption.Type))
		r.Known("encryption_key", "customer_key")
	}
	if p.State != "" || s.Row.ManagedBy != "" {
		if machine := armID(s.Row.ManagedBy); machine != "" {
			facts.Machines = append(facts.Machines, machine)
		}
		for _, id := range p.Shared {
			if machine := armID(id); !slices.Contains(facts.Machines, machine) {
				facts.Machines = append(facts.Machines, machine)
			}
		}
		r.Known("machines")
		facts.Attached = s.Row.ManagedBy != "" || slices.Contains([]string{"attached", "reserved", "frozen"}, lower(p.State))
		r.Known("attached")
	}
	return r
}

var _ = register("azure.compute.snapshot", inventory.ClassSnapshot, snapshots, snapshotFacts)

func snapshotFacts(_ collectors.Where, s seen[disk]) *inventory.Resource {
	p := s.Row.Properties
	facts := &inventory.Snapshot{EncryptedAtRest: true, Source: p.source(), EncryptionKey: p.keySet()}
	r := described(s, facts)
	defer leftOut(r, snapshots)
	r.SetInherent("encrypted_at_rest")
	r.Known("source", "encryption_key")
	state(r, p.Created, &facts.TakenAt, "taken_at")
	// Anybody with the link can download while one is active and the network is open, which it is by default.
	facts.Public = lower(p.State) == "activesas" && lower(p.Access) != "disabled" && (p.Policy == "" ||
		lower(p.Policy) == "allowall")
	if p.State != "" || lower(p.Access) == "disabled" || p.Policy != "" && lower(p.Policy) != "allowall" {
		r.Known("public")
	}
	notYet(r, "principals")
	return r
}

var images = rowsOf{typ: "Microsoft.Compute/images", version: "2024-07-01"}

var _ = register("azure.compute.image", inventory.ClassImage, images, imageFacts)

// imageFacts states that a managed image is shared by role assignments alone: nobody outside the directory can be let
// in.
func imageFacts(_ collectors.Where, s seen[struct{}]) *inventory.Resource {
	r := described(s, &inventory.Image{Kind: "machine"})
	r.Known("kind")
	r.SetInherent("public")
	notYet(r, "principals")
	return r
}

var (
	galleries     = rowsOf{typ: "Microsoft.Compute/galleries", version: "2023-07-03"}
	galleryImages = rowsOf{typ: "Microsoft.Compute/galleries/images", version: "2023-07-03"}
)

// gallery is how the images of a gallery are shared.
type gallery struct {
	Sharing *struct {
		Permissions string `json:"permissions,omitempty"`
	} `json:"sharingProfile,omitempty"`
}

type galleryImageAnswers struct {
	Image   seen[struct{}]
	Gallery collectors.Answer[gallery]
}

var _ = registerAsked("azure.compute.gallery_image", inventory.ClassImage, galleryImages,
	[]string{galleries.permission()},
	func(ctx context.Context, c *Clients, s seen[struct{}]) galleryImageAnswers {
		return galleryImageAnswers{s, ask(galleries.action(), galleries.permission(), func() (*gallery, error) {
			rows, err := keep[gallery](ctx, c, galleries)
			if err != nil {
				return nil, err
			}
			for _, g := range rows {
				if armID(g.ID) == above(armID(s.Row.ID), "/images/") {
					return &g.Properties, nil
				}
			}
			return nil, &errMalformed{errNoSuchGallery}
		})}
	},
	func(_ collectors.Where, a galleryImageAnswers) *inventory.Resource {
		facts := &inventory.Image{Kind: "machine"}
		r := described(a.Image, facts)
		r.Known("kind")
		collectors.Know(r, a.Gallery, func(g *gallery) {
			facts.Public = g != nil && g.Sharing != nil && lower(g.Sharing.Permissions) == "community"
		}, "public")
		notYet(r, "principals")
		return r
	})
