package kubernetes

import (
	"fmt"
	"slices"
	"strings"
)

// Group is the group of a cluster that the role is bound to.
const Group = "plumbline-readers"

// Role prints the least rights that reading a cluster needs, made from what is listed: a role of the cluster and its
// binding to a group, for kubectl. enter says, in lines for people, how the collectors come to be of that group.
func Role(enter ...string) []byte {
	var b strings.Builder
	for _, line := range enter {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	b.WriteString("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: plumbline-reader\nrules:\n")
	var groups []string
	resources := map[string][]string{}
	for _, r := range Rights() {
		if !slices.Contains(groups, r.Group) {
			groups = append(groups, r.Group)
		}
		resources[r.Group] = append(resources[r.Group], r.Resource)
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "  - apiGroups: [%q]\n    resources: [%s]\n    verbs: [get, list]\n", g, strings.Join(resources[g], ", "))
	}
	fmt.Fprintf(&b, `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: plumbline-reader
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: plumbline-reader
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: %s
`, Group)
	return []byte(b.String())
}
