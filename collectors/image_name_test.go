package collectors

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestImageNamed(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]inventory.WorkloadImage{
		"nginx":                            {Name: "docker.io/library/nginx"},
		"nginx:latest":                     {Name: "docker.io/library/nginx"},
		"nginx:1.27":                       {Name: "docker.io/library/nginx", Pinned: true},
		"acme/web:":                        {Name: "docker.io/acme/web"},
		"ghcr.io/Acme/web@sha256:0a":       {Name: "ghcr.io/acme/web", Pinned: true},
		"ghcr.io/acme/web:latest@sha256:0": {Name: "ghcr.io/acme/web", Pinned: true},
		"localhost:5000/web":               {Name: "localhost:5000/web"},
		"registry.example:5000/a/web:2":    {Name: "registry.example:5000/a/web", Pinned: true},
		"":                                 {Name: "docker.io/library/"},
	} {
		if got := ImageNamed(reference); got != want {
			t.Errorf("%q is %+v; want %+v", reference, got, want)
		}
	}
}
