package azure

import (
	"context"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var machineExtensions = rowsOf{typ: "Microsoft.Compute/virtualMachines/extensions", version: "2024-07-01"}

// machineExtension is what is read of a program that Azure put into a machine. Its settings may hold secrets and are
// not read.
type machineExtension struct {
	Publisher string `json:"publisher,omitempty"`
	Type      string `json:"type,omitempty"`
	State     string `json:"provisioningState,omitempty"`
}

// works says whether the extension is of one of the types and was put in.
func (m machineExtension) works(types ...string) bool {
	return lower(m.State) == "succeeded" && slices.Contains(types, lower(m.Type))
}

// machineAnswers is a machine with the extensions in it.
type machineAnswers struct {
	Machine    seen[virtualMachine]
	Extensions collectors.Answer[[]machineExtension]
}

func askMachine(ctx context.Context, c *Clients, s seen[virtualMachine]) machineAnswers {
	return machineAnswers{s, ask(machineExtensions.action(), machineExtensions.permission(),
		func() (*[]machineExtension, error) {
			byMachine, err := once(c, "extensions", func() (map[string][]machineExtension, error) {
				rows, err := keep[machineExtension](ctx, c, machineExtensions)
				out := map[string][]machineExtension{}
				for _, r := range rows {
					machine := above(armID(r.ID), "/extensions/")
					out[machine] = append(out[machine], r.Properties)
				}
				return out, err
			})
			if err != nil {
				return nil, err
			}
			found := append([]machineExtension{}, byMachine[armID(s.Row.ID)]...)
			return &found, nil
		})}
}

// extensionFacts state who logs people in, and that malware is looked for where the extension for it works. Without
// it another program may still look.
func extensionFacts(r *inventory.Resource, facts *inventory.ComputeInstance, a machineAnswers) {
	os := a.Machine.Row.Properties.OS
	if why := a.Extensions.Unknown(); why != nil {
		r.SetUnknown(*why, "central_login")
		return
	}
	has := func(types ...string) bool {
		return slices.ContainsFunc(deref(a.Extensions.Value), func(m machineExtension) bool { return m.works(types...) })
	}
	if has("mde.linux", "mde.windows") {
		facts.EndpointProtected = true
		r.Known("endpoint_protected")
	}
	switch {
	case facts.OSFamily == "windows":
		facts.CentralLogin = has("aadloginforwindows")
		r.Known("central_login")
	case facts.OSFamily == "linux" && !has("aadsshloginforlinux"):
		r.Known("central_login")
	case facts.OSFamily == "linux" && os != nil && os.Linux != nil && os.Linux.NoPasswords != nil:
		facts.CentralLogin = *os.Linux.NoPasswords
		r.Known("central_login")
	}
}
