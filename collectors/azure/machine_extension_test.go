package azure

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestMachineExtensions reads who logs people in, and whether malware is looked for, from what stands in a machine.
func TestMachineExtensions(t *testing.T) {
	t.Parallel()
	works := func(typ string) machineExtension { return machineExtension{Type: typ, State: "Succeeded"} }
	yes, no := true, false
	for name, c := range map[string]struct {
		family              string
		noPasswords         *bool
		in                  []machineExtension
		denied              bool
		central, protection any
	}{
		"nothing":                     {"linux", &yes, nil, false, false, nil},
		"keys and directory":          {"linux", &yes, []machineExtension{works("AADSSHLoginForLinux")}, false, true, nil},
		"passwords and directory":     {"linux", &no, []machineExtension{works("AADSSHLoginForLinux")}, false, false, nil},
		"passwords not told":          {"linux", nil, []machineExtension{works("AADSSHLoginForLinux")}, false, nil, nil},
		"directory that failed":       {"linux", &yes, []machineExtension{{Type: "AADSSHLoginForLinux"}}, false, false, nil},
		"windows without":             {"windows", nil, nil, false, false, nil},
		"windows with":                {"windows", nil, []machineExtension{works("AADLoginForWindows")}, false, true, nil},
		"the extension of the other":  {"windows", nil, []machineExtension{works("AADSSHLoginForLinux")}, false, false, nil},
		"looked for":                  {"linux", &yes, []machineExtension{works("MDE.Linux")}, false, false, true},
		"extensions that are refused": {"linux", &yes, nil, true, nil, nil},
	} {
		m := virtualMachine{OS: &osProfile{&linuxConfiguration{c.noPasswords}}}
		a := machineAnswers{Machine: seen[virtualMachine]{Row: row[virtualMachine]{Properties: m}},
			Extensions: collectors.Answer[[]machineExtension]{Value: &c.in}}
		if c.denied {
			a.Extensions = collectors.Answer[[]machineExtension]{Failed: &collectors.Reason{Cause: inventory.CauseDenied}}
		}
		facts := &inventory.ComputeInstance{OSFamily: c.family}
		r := inventory.New("/m", "m", "westeurope", facts)
		extensionFacts(r, facts, a)
		for fact, want := range map[string]any{"central_login": c.central, "endpoint_protected": c.protection} {
			if v, known := r.Value(fact); known != (want != nil) || known && v != want {
				t.Errorf("%s: %s is %v (known %v), want %v", name, fact, v, known, want)
			}
		}
	}
}

// TestBalancerZones wants the zones of a public balancer to be those of its addresses, and unknown where one does not
// say.
func TestBalancerZones(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at   []address
		want any
	}{
		"several":           {[]address{{Zones: []string{"1", "2"}}}, true},
		"one":               {[]address{{Zones: []string{"1"}}}, false},
		"none is named":     {[]address{{}}, nil},
		"one and several":   {[]address{{Zones: []string{"1"}}, {Zones: []string{"1", "2"}}}, true},
		"one, and unspoken": {[]address{{Zones: []string{"1"}}, {}}, nil},
	} {
		facts := &inventory.EntryPoint{}
		r := inventory.New("/b", "b", "westeurope", facts)
		publicZones(r, facts, collectors.Answer[[]address]{Value: &c.at})
		if v, known := r.Value("multi_zone"); known != (c.want != nil) || known && v != c.want {
			t.Errorf("%s: %v (known %v), want %v", name, v, known, c.want)
		}
	}
}
