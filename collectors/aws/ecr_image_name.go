package aws

import (
	"regexp"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// registryHost is the host of an account's registry of container images.
var registryHost = regexp.MustCompile(`^(\d{12})\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)/`)

// containerImage reads the name of an image, and the account it is kept in.
func containerImage(reference string) inventory.WorkloadImage {
	image := collectors.ImageNamed(reference)
	if owner := registryHost.FindStringSubmatch(image.Name); owner != nil {
		image.Owner = owner[1]
	}
	return image
}
