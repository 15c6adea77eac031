package inventory

// Envelope holds the attributes every resource carries whatever its class.
type Envelope struct {
	// Owner is the string owner: Person or team answerable for the resource; empty when no configured tag key is
	// present.
	//   AWS: Tags[Key in param.owner_keys].Value.
	//   Azure: tags[param.owner_keys], falling back to the resource group tag.
	//   Google Cloud: resource.data.labels[param.owner_keys] or effective Resource Manager tags.
	Owner string `cel:"owner" json:"owner" stage:"derived"`
	// Environment is the enum environment: production, staging, test or development; not known when no label and
	// no mapping says, so that checks which ask for it answer unknown.
	//   AWS: Tags[Key in param.environment_keys].Value, else the account mapping in settings.
	//   Azure: tags[param.environment_keys], else the subscription mapping.
	//   Google Cloud: labels[param.environment_keys], else the project mapping.
	Environment string `cel:"environment" json:"environment" stage:"derived"`
	// EnvironmentLabelled is the bool environment_labelled: A label or an account mapping says which environment
	// it is.
	//   AWS: derived: environment is known.
	//   Azure: derived: environment is known.
	//   Google Cloud: derived: environment is known.
	EnvironmentLabelled bool `cel:"environment_labelled" json:"environment_labelled" stage:"derived"`
	// DataClassification is the string data_classification: Classification label of the data the resource holds;
	// empty when unlabelled.
	//   AWS: Tags[Key in param.classification_keys].Value.
	//   Azure: tags[param.classification_keys].
	//   Google Cloud: labels[param.classification_keys].
	DataClassification string `cel:"data_classification" json:"data_classification" stage:"derived"`
	// RegionAllowed is the bool region_allowed: The resource sits in a region or location the organisation allows
	// (param.allowed_regions).
	//   AWS: region of the ARN, or the collector region.
	//   Azure: location.
	//   Google Cloud: location or the locations[] of the asset.
	RegionAllowed bool `cel:"region_allowed" json:"region_allowed" stage:"derived"`
	// ManagedAsCode is the bool managed_as_code: The resource carries the mark of an infrastructure-as-code tool.
	//   AWS: Tags aws:cloudformation:stack-id, or Tags[Key in param.iac_keys].
	//   Azure: tags[param.iac_keys], or member of Microsoft.Resources/deploymentStacks properties.resources[].
	//   Google Cloud: labels goog-terraform-provisioned or managed-by-cnrm, or labels[param.iac_keys].
	ManagedAsCode bool `cel:"managed_as_code" json:"managed_as_code" stage:"derived"`
	// CopiedFromEnvironment is the enum copied_from_environment: Environment of the resource or account the data
	// was copied from; empty when it is an original.
	//   AWS: Snapshot.OwnerId or VolumeId, DBSnapshot.SourceDBSnapshotIdentifier,
	//   DBInstance.ReadReplicaSourceDBInstanceIdentifier, s3:GetBucketReplication of the source: looked up in the
	//   inventory.
	//   Azure: disk properties.creationData.sourceResourceId, database properties.sourceDatabaseId or
	//   sourceServerResourceId: looked up in the inventory.
	//   Google Cloud: disk sourceSnapshot or sourceDisk, image sourceDisk, SQL instance replicaConfiguration or
	//   masterInstanceName, dataset transfer config: looked up in the inventory.
	CopiedFromEnvironment string `cel:"copied_from_environment" json:"copied_from_environment" stage:"derived"`
	// LabelsRead says that the resource's labels could be read; without it every question about a label is unknown.
	LabelsRead bool `json:"labels_read"`
}
