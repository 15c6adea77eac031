package inventory

// ContainerWorkload is the class container_workload: a running container definition: Kubernetes workload, ECS
// task, container app or instance, Cloud Run service.
type ContainerWorkload struct {
	// Privileged is the bool privileged: May act as root on the node.
	//   AWS: containerDefinitions[].privileged; securityContext.privileged.
	//   Azure: containers[].securityContext.privileged.
	//   Google Cloud: securityContext.privileged (Cloud Run never).
	Privileged bool `cel:"privileged" json:"privileged"`
	// RunsAsRoot is the bool runs_as_root: The process may be user 0.
	//   AWS: containerDefinitions[].user empty or 0; securityContext.runAsNonRoot, runAsUser.
	//   Azure: securityContext.runAsUser, runAsNonRoot.
	//   Google Cloud: securityContext.runAsNonRoot, runAsUser.
	RunsAsRoot bool `cel:"runs_as_root" json:"runs_as_root"`
	// ReadOnlyFilesystem is the bool read_only_filesystem: The image file system cannot be written.
	//   AWS: containerDefinitions[].readonlyRootFilesystem; securityContext.readOnlyRootFilesystem.
	//   Azure: securityContext.readOnlyRootFilesystem.
	//   Google Cloud: securityContext.readOnlyRootFilesystem.
	ReadOnlyFilesystem bool `cel:"read_only_filesystem" json:"read_only_filesystem"`
	// HostNamespaces is the list<string> host_namespaces: Node namespaces shared: network, pid, ipc.
	//   AWS: networkMode=host, pidMode, ipcMode; hostNetwork, hostPID, hostIPC.
	//   Azure: hostNetwork, hostPID, hostIPC.
	//   Google Cloud: hostNetwork, hostPID, hostIPC (Cloud Run never).
	HostNamespaces []string `cel:"host_namespaces" json:"host_namespaces"`
	// PlaintextSecrets is the int plaintext_secrets: Secret patterns found in plain configuration values. Unit:
	// matches.
	//   AWS: containerDefinitions[].environment[]; env[].value.
	//   Azure: template.containers[].env[].value; environmentVariables[].value.
	//   Google Cloud: template.containers[].env[].value; env[].value.
	PlaintextSecrets int64 `cel:"plaintext_secrets" json:"plaintext_secrets"`
	// LogsShipped is the bool logs_shipped: Its output reaches a log store.
	//   AWS: containerDefinitions[].logConfiguration.logDriver; log agent daemonset.
	//   Azure: environment appLogsConfiguration.destination; diagnostics.logAnalytics.
	//   Google Cloud: loggingConfig of the cluster; inherent for Cloud Run.
	LogsShipped bool `cel:"logs_shipped" json:"logs_shipped"`
	// ApprovedRegistry is the bool approved_registry: Image comes from an approved registry and names a version or
	// digest.
	//   AWS: containerDefinitions[].image; containers[].image.
	//   Azure: containers[].image.
	//   Google Cloud: containers[].image.
	ApprovedRegistry bool `cel:"approved_registry" json:"approved_registry" stage:"derived"`

	// Images are the images the containers are made of.
	Images []WorkloadImage `json:"images" stage:"derived"`
	// Cluster is the id of the Kubernetes cluster it runs in.
	Cluster string `json:"cluster" link:"runs_in" stage:"derived"`
}

// WorkloadImage is a container image as a workload names it.
type WorkloadImage struct {
	// Name is the registry and the path, such as ghcr.io/acme/web.
	Name string `json:"name"`
	// Owner is the account, project or subscription that the registry belongs to, where the name tells.
	Owner string `json:"owner,omitempty"`
	// Pinned says that the name has a digest, or a tag other than latest.
	Pinned bool `json:"pinned,omitempty"`
}
