package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestApprovedRegistry(t *testing.T) {
	t.Parallel()
	own := inventory.WorkloadImage{Name: "111122223333.dkr.ecr.us-east-1.amazonaws.com/web", Owner: "111122223333", Pinned: true}
	strange := inventory.WorkloadImage{Name: "999999999999.dkr.ecr.us-east-1.amazonaws.com/web", Owner: "999999999999", Pinned: true}
	hub := inventory.WorkloadImage{Name: "ghcr.io/acme/web", Pinned: true}
	loose := inventory.WorkloadImage{Name: "ghcr.io/acme/web"}
	near := inventory.WorkloadImage{Name: "ghcr.io/acmeevil/web", Pinned: true}
	for name, c := range map[string]struct {
		images []inventory.WorkloadImage
		unread bool
		want   any
	}{
		"own":                  {images: []inventory.WorkloadImage{own}, want: true},
		"approved":             {images: []inventory.WorkloadImage{own, hub}, want: true},
		"a stranger's":         {images: []inventory.WorkloadImage{own, strange}, want: false},
		"approved, not pinned": {images: []inventory.WorkloadImage{loose}, want: false},
		"only looks like it":   {images: []inventory.WorkloadImage{near}, want: false},
		"images are not told":  {unread: true, want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := made("w", "aws.ecs.task_definition", &inventory.ContainerWorkload{Images: c.images})
			if !c.unread {
				r.Known("images")
				r.MarkFacts()
			}
			e := newEstate(r)
			e.settings.ApprovedRegistries = []string{"https://ghcr.io/acme/"}
			r = e.derive(t, "w")
			got, known := r.Value("approved_registry")
			if known != (c.want != nil) || known && got != c.want {
				t.Errorf("approved_registry is %v (known %v); want %v", got, known, c.want)
			}
		})
	}
}
