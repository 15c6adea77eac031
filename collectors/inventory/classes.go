package inventory

// Class is a cloud-neutral type that checks speak of.
type Class string

// The classes of the catalogue. Each has one file that documents its attributes.
const (
	ClassAccessGrant          Class = "access_grant"
	ClassAuditTrail           Class = "audit_trail"
	ClassAuthenticationPolicy Class = "authentication_policy"
	ClassBackupVault          Class = "backup_vault"
	ClassCertificate          Class = "certificate"
	ClassCloudAccount         Class = "cloud_account"
	ClassComputeInstance      Class = "compute_instance"
	ClassContainerRegistry    Class = "container_registry"
	ClassContainerWorkload    Class = "container_workload"
	ClassCredential           Class = "credential"
	ClassDatabase             Class = "database"
	ClassDeliveryPipeline     Class = "delivery_pipeline"
	ClassDisk                 Class = "disk"
	ClassDNSZone              Class = "dns_zone"
	ClassEncryptionKey        Class = "encryption_key"
	ClassEntryPoint           Class = "entry_point"
	ClassFileShare            Class = "file_share"
	ClassFirewall             Class = "firewall"
	ClassIdentity             Class = "identity"
	ClassImage                Class = "image"
	ClassInstanceGroup        Class = "instance_group"
	ClassKubernetesCluster    Class = "kubernetes_cluster"
	ClassLogStore             Class = "log_store"
	ClassMessageChannel       Class = "message_channel"
	ClassNetwork              Class = "network"
	ClassNetworkLink          Class = "network_link"
	ClassObjectStorage        Class = "object_storage"
	ClassSecret               Class = "secret"
	ClassSecurityFinding      Class = "security_finding"
	ClassSecurityService      Class = "security_service"
	ClassServerlessApp        Class = "serverless_app"
	ClassSnapshot             Class = "snapshot"
	ClassSubnet               Class = "subnet"
)

// Classes maps each class of the catalogue to an empty struct of it. A new class adds its line here.
var Classes = map[Class]func() any{
	ClassAccessGrant:          func() any { return &AccessGrant{} },
	ClassAuditTrail:           func() any { return &AuditTrail{} },
	ClassAuthenticationPolicy: func() any { return &AuthenticationPolicy{} },
	ClassBackupVault:          func() any { return &BackupVault{} },
	ClassCertificate:          func() any { return &Certificate{} },
	ClassCloudAccount:         func() any { return &CloudAccount{} },
	ClassComputeInstance:      func() any { return &ComputeInstance{} },
	ClassContainerRegistry:    func() any { return &ContainerRegistry{} },
	ClassContainerWorkload:    func() any { return &ContainerWorkload{} },
	ClassCredential:           func() any { return &Credential{} },
	ClassDatabase:             func() any { return &Database{} },
	ClassDeliveryPipeline:     func() any { return &DeliveryPipeline{} },
	ClassDisk:                 func() any { return &Disk{} },
	ClassDNSZone:              func() any { return &DNSZone{} },
	ClassEncryptionKey:        func() any { return &EncryptionKey{} },
	ClassEntryPoint:           func() any { return &EntryPoint{} },
	ClassFileShare:            func() any { return &FileShare{} },
	ClassFirewall:             func() any { return &Firewall{} },
	ClassIdentity:             func() any { return &Identity{} },
	ClassImage:                func() any { return &Image{} },
	ClassInstanceGroup:        func() any { return &InstanceGroup{} },
	ClassKubernetesCluster:    func() any { return &KubernetesCluster{} },
	ClassLogStore:             func() any { return &LogStore{} },
	ClassMessageChannel:       func() any { return &MessageChannel{} },
	ClassNetwork:              func() any { return &Network{} },
	ClassNetworkLink:          func() any { return &NetworkLink{} },
	ClassObjectStorage:        func() any { return &ObjectStorage{} },
	ClassSecret:               func() any { return &Secret{} },
	ClassSecurityFinding:      func() any { return &SecurityFinding{} },
	ClassSecurityService:      func() any { return &SecurityService{} },
	ClassServerlessApp:        func() any { return &ServerlessApp{} },
	ClassSnapshot:             func() any { return &Snapshot{} },
	ClassSubnet:               func() any { return &Subnet{} },
}
