package azure

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var virtualMachines = rowsOf{typ: "Microsoft.Compute/virtualMachines", version: "2024-07-01"}

var scaleSetMachines = rowsOf{typ: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines", version: "2024-07-01",
	table: "computeresources"}

// virtualMachine is what is read of a machine, and of an instance of a uniform scale set.
type virtualMachine struct {
	Network *struct {
		Interfaces []ref `json:"networkInterfaces,omitempty"`
	} `json:"networkProfile,omitempty"`
	Storage *struct {
		Image *struct {
			ID        string `json:"id,omitempty"`
			Publisher string `json:"publisher,omitempty"`
			Offer     string `json:"offer,omitempty"`
			SKU       string `json:"sku,omitempty"`
			Version   string `json:"exactVersion,omitempty"`
		} `json:"imageReference,omitempty"`
		OSDisk *struct {
			OSType string `json:"osType,omitempty"`
		} `json:"osDisk,omitempty"`
	} `json:"storageProfile,omitempty"`
	OS       *osProfile `json:"osProfile,omitempty"`
	Security *struct {
		UEFI *struct {
			SecureBoot *bool `json:"secureBootEnabled,omitempty"`
			TPM        *bool `json:"vTpmEnabled,omitempty"`
		} `json:"uefiSettings,omitempty"`
		Proxy *struct {
			Enabled *bool  `json:"enabled,omitempty"`
			Mode    string `json:"mode,omitempty"`
			IMDS    *struct {
				Mode string `json:"mode,omitempty"`
			} `json:"imds,omitempty"`
		} `json:"proxyAgentSettings,omitempty"`
	} `json:"securityProfile,omitempty"`
	// Resource Graph tells the power state; Resource Manager does when it is asked for the instance view.
	Extended *struct {
		View *struct {
			Power *struct {
				Code string `json:"code,omitempty"`
			} `json:"powerState,omitempty"`
		} `json:"instanceView,omitempty"`
	} `json:"extended,omitempty"`
	View *struct {
		Statuses []struct {
			Code string `json:"code,omitempty"`
		} `json:"statuses,omitempty"`
	} `json:"instanceView,omitempty"`
}

// osProfile is how a machine was set up inside.
type osProfile struct {
	Linux *linuxConfiguration `json:"linuxConfiguration,omitempty"`
}

type linuxConfiguration struct {
	NoPasswords *bool `json:"disablePasswordAuthentication,omitempty"`
}

var _ = registerAsked("azure.compute.virtual_machine", inventory.ClassComputeInstance, virtualMachines,
	[]string{machineExtensions.permission()}, askMachine,
	func(_ collectors.Where, a machineAnswers) *inventory.Resource {
		r := machineFacts(a.Machine, virtualMachines)
		extensionFacts(r, r.Facts.(*inventory.ComputeInstance), a)
		return r
	})

var _ = register("azure.compute.scale_set_instance", inventory.ClassComputeInstance, scaleSetMachines,
	func(_ collectors.Where, s seen[virtualMachine]) *inventory.Resource {
		return machineFacts(s, scaleSetMachines)
	})

func machineFacts(s seen[virtualMachine], l rowsOf) *inventory.Resource {
	facts := &inventory.ComputeInstance{}
	r := described(s, facts)
	defer leftOut(r, l)
	p := s.Row.Properties
	// Machines outside a network were of the classic kind, which no longer exists.
	facts.InVirtualNetwork = true
	r.SetInherent("in_virtual_network")
	if p.Network != nil {
		for _, i := range p.Network.Interfaces {
			facts.Interfaces = append(facts.Interfaces, i.id())
		}
		r.Known("interfaces")
	}
	if code := p.power(); code != "" {
		facts.Running = lower(code) == "powerstate/running" || lower(code) == "powerstate/starting"
		r.Known("running")
	}
	facts.Identity = actsAs(s.Row.Identity)
	r.Known("identity")
	storageFacts(r, facts, p)
	hardeningFacts(r, facts, p)
	notYet(r, "plaintext_secrets")
	return r
}

func (v virtualMachine) power() string {
	if v.Extended != nil && v.Extended.View != nil && v.Extended.View.Power != nil {
		return v.Extended.View.Power.Code
	}
	if v.View != nil {
		for _, s := range v.View.Statuses {
			if strings.HasPrefix(lower(s.Code), "powerstate/") {
				return s.Code
			}
		}
	}
	return ""
}

// actsAs is the identity a resource acts as: one that was assigned to it, else its own by the id of its principal.
func actsAs(i *identity) string {
	if i == nil {
		return ""
	}
	for _, id := range slices.Sorted(maps.Keys(i.Assigned)) {
		return armID(id)
	}
	return lower(i.PrincipalID)
}

func storageFacts(r *inventory.Resource, facts *inventory.ComputeInstance, p virtualMachine) {
	if p.Storage == nil {
		return
	}
	if d := p.Storage.OSDisk; d != nil && d.OSType != "" {
		facts.OSFamily = lower(d.OSType)
		r.Known("os_family")
	}
	// A machine made from a disk of its own has no image.
	if i := p.Storage.Image; i != nil {
		facts.ImageID = armID(i.ID)
		if i.ID == "" {
			facts.ImageID = strings.Join([]string{i.Publisher, i.Offer, i.SKU, i.Version}, ":")
		}
	}
	r.Known("image_id")
}

// hardeningFacts read switches that are off unless they are set.
func hardeningFacts(r *inventory.Resource, facts *inventory.ComputeInstance, p virtualMachine) {
	if s := p.Security; s != nil {
		if u := s.UEFI; u != nil {
			facts.SecureBoot = deref(u.SecureBoot) && deref(u.TPM)
		}
		if a := s.Proxy; a != nil && deref(a.Enabled) {
			mode := a.Mode
			if a.IMDS != nil && a.IMDS.Mode != "" {
				mode = a.IMDS.Mode
			}
			facts.MetadataHardened = lower(mode) == "enforce"
		}
	}
	r.Known("secure_boot", "metadata_hardened")
}

var scaleSets = rowsOf{typ: "Microsoft.Compute/virtualMachineScaleSets", version: "2024-07-01"}

var autoscaleSettings = rowsOf{typ: "Microsoft.Insights/autoscaleSettings", version: "2022-10-01"}

// autoscaleSetting says of what it changes the size.
type autoscaleSetting struct {
	Enabled *bool  `json:"enabled,omitempty"`
	Target  string `json:"targetResourceUri,omitempty"`
}

// scaled says whether an enabled setting changes the size of a set.
type scaled struct {
	By bool `json:"by"`
}

type scaleSetAnswers struct {
	Set   seen[struct{}]
	Scale collectors.Answer[scaled]
}

var _ = registerAsked("azure.compute.scale_set", inventory.ClassInstanceGroup, scaleSets,
	[]string{autoscaleSettings.permission()},
	func(ctx context.Context, c *Clients, s seen[struct{}]) scaleSetAnswers {
		return scaleSetAnswers{s, ask(autoscaleSettings.action(), autoscaleSettings.permission(), func() (*scaled, error) {
			settings, err := keep[autoscaleSetting](ctx, c, autoscaleSettings)
			if err != nil {
				return nil, err
			}
			return &scaled{slices.ContainsFunc(settings, func(a row[autoscaleSetting]) bool {
				return deref(a.Properties.Enabled) && armID(a.Properties.Target) == armID(s.Row.ID)
			})}, nil
		})}
	},
	scaleSetFacts)

func scaleSetFacts(_ collectors.Where, a scaleSetAnswers) *inventory.Resource {
	facts := &inventory.InstanceGroup{MultiZone: len(a.Set.Row.Zones) > 1}
	r := described(a.Set, facts)
	r.Known("multi_zone")
	collectors.Know(r, a.Scale, func(s *scaled) { facts.Autoscaled = deref(s).By }, "autoscaled")
	return r
}
