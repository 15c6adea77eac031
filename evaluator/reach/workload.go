package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// deriveWorkload says whether every image of a workload comes from the organisation's own registries or from those it
// approved, under a name that stays with one content.
func deriveWorkload(r *inventory.Resource, w World) {
	c := r.Facts.(*inventory.ContainerWorkload)
	if r.IsFixed("approved_registry") {
		return
	}
	if !r.IsKnown("images") {
		unknown(r, []inventory.Unknown{r.Why("images")}, "approved_registry")
		return
	}
	approved := !slices.ContainsFunc(c.Images, func(i inventory.WorkloadImage) bool {
		return !i.Pinned || !fromApproved(i, w)
	})
	put(r, "approved_registry", &c.ApprovedRegistry, approved)
}

func fromApproved(i inventory.WorkloadImage, w World) bool {
	if i.Owner != "" && w.Owns(i.Owner) {
		return true
	}
	return slices.ContainsFunc(w.Settings().ApprovedRegistries, func(registry string) bool {
		registry = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(registry, "https://"), "/"))
		return registry != "" && (i.Name == registry || strings.HasPrefix(i.Name, registry+"/"))
	})
}
