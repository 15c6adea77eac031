package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestDerivesNothingOfWhatOnlyHelps wants a class without the attributes of every check to be left alone, though it has
// an owner of its own.
func TestDerivesNothingOfWhatOnlyHelps(t *testing.T) {
	t.Parallel()
	image := inventory.New("ami-1", "ami-1", "eu-central-1", &inventory.SourceImage{Image: "ami-1", Owner: "137112412989"})
	image.Known("owner")
	image.MarkFacts()
	Derive(image, nil)
	if Derives(image.Class) || !image.IsKnown("owner") {
		t.Errorf("derives: %v, owner known: %v", Derives(image.Class), image.IsKnown("owner"))
	}
	if !Derives(inventory.ClassComputeInstance) {
		t.Error("nothing is derived of machines")
	}
}
