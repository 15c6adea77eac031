package collectors

import (
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// ImageNamed reads the name of a container image as a workload gives it. A name without a registry is one of Docker
// Hub. Whose registry it is each cloud tells by its own hosts.
func ImageNamed(reference string) inventory.WorkloadImage {
	name, digest, _ := strings.Cut(reference, "@")
	pinned := digest != ""
	// A colon before the last slash belongs to the port of the registry.
	if cut := strings.LastIndex(name, ":"); cut > strings.LastIndex(name, "/") {
		tag := name[cut+1:]
		name, pinned = name[:cut], pinned || tag != "" && tag != "latest"
	}
	first, _, within := strings.Cut(name, "/")
	switch {
	case !within:
		name = "docker.io/library/" + name
	case !strings.ContainsAny(first, ".:") && first != "localhost":
		name = "docker.io/" + name
	}
	return inventory.WorkloadImage{Name: strings.ToLower(name), Pinned: pinned}
}
