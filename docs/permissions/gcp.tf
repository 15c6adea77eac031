variable "project" {
  type        = string
  description = "The project that is read"
}

variable "collector" {
  type        = string
  description = "Whom Plumbline runs as: serviceAccount:..., principal://... or principalSet://..."
}

resource "google_service_account" "plumbline" {
  project      = var.project
  account_id   = "plumbline-collector"
  display_name = "Plumbline collector"
}

# Whoever runs Plumbline acts as the account by short-lived credentials; no key is made.
resource "google_service_account_iam_member" "plumbline" {
  service_account_id = google_service_account.plumbline.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = var.collector
}

resource "google_project_iam_member" "plumbline" {
  project = var.project
  role    = google_project_iam_custom_role.plumbline.name
  member  = google_service_account.plumbline.member
}

resource "google_project_service" "plumbline" {
  for_each           = toset(["cloudasset.googleapis.com", "cloudresourcemanager.googleapis.com", "compute.googleapis.com", "iam.googleapis.com", "orgpolicy.googleapis.com", "storage.googleapis.com"])
  project            = var.project
  service            = each.key
  disable_on_destroy = false
}

resource "google_project_iam_custom_role" "plumbline" {
  project     = var.project
  role_id     = "plumblineCollector"
  title       = "Plumbline collector"
  description = "The least rights that Plumbline needs to read the settings of a project"
  permissions = [
    "alloydb.clusters.list",
    "alloydb.instances.list",
    "bigquery.datasets.get",
    "bigtable.instances.list",
    "cloudasset.assets.listIamPolicy",
    "cloudasset.assets.listResource",
    "cloudsql.instances.list",
    "compute.backendBuckets.list",
    "compute.backendServices.list",
    "compute.disks.list",
    "compute.firewalls.list",
    "compute.forwardingRules.list",
    "compute.globalForwardingRules.list",
    "compute.images.getIamPolicy",
    "compute.images.list",
    "compute.instanceGroups.list",
    "compute.instances.get",
    "compute.instances.list",
    "compute.instances.listEffectiveTags",
    "compute.networkEndpointGroups.get",
    "compute.networkEndpointGroups.list",
    "compute.networks.getEffectiveFirewalls",
    "compute.networks.getRegionEffectiveFirewalls",
    "compute.networks.list",
    "compute.projects.get",
    "compute.regionBackendServices.list",
    "compute.regionSecurityPolicies.list",
    "compute.regionSslPolicies.list",
    "compute.regionTargetHttpProxies.list",
    "compute.regionTargetHttpsProxies.list",
    "compute.regionTargetTcpProxies.list",
    "compute.regionUrlMaps.list",
    "compute.routes.list",
    "compute.securityPolicies.list",
    "compute.snapshots.getIamPolicy",
    "compute.snapshots.list",
    "compute.sslPolicies.list",
    "compute.subnetworks.list",
    "compute.targetHttpProxies.list",
    "compute.targetHttpsProxies.list",
    "compute.targetInstances.list",
    "compute.targetPools.list",
    "compute.targetSslProxies.list",
    "compute.targetTcpProxies.list",
    "compute.targetVpnGateways.list",
    "compute.urlMaps.list",
    "compute.vpnGateways.list",
    "compute.vpnTunnels.list",
    "datastore.databases.list",
    "file.instances.list",
    "iam.roles.get",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.list",
    "iam.workloadIdentityPoolProviders.list",
    "managedkafka.clusters.list",
    "orgpolicy.policy.get",
    "pubsub.subscriptions.getIamPolicy",
    "pubsub.subscriptions.list",
    "pubsub.topics.getIamPolicy",
    "pubsub.topics.list",
    "redis.clusters.list",
    "redis.instances.list",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "spanner.databases.list",
    "spanner.instances.list",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.list",
  ]
}

output "service_account" {
  value = google_service_account.plumbline.email
}

variable "organization" {
  type        = string
  default     = ""
  description = "The number of the organisation above the project; without it nobody knows who administers it from there"
}

resource "google_organization_iam_member" "plumbline" {
  count  = var.organization == "" ? 0 : 1
  org_id = var.organization
  role   = google_organization_iam_custom_role.plumbline[0].name
  member = google_service_account.plumbline.member
}

resource "google_organization_iam_custom_role" "plumbline" {
  count       = var.organization == "" ? 0 : 1
  org_id      = var.organization
  role_id     = "plumblineCollectorAbove"
  title       = "Plumbline collector, above projects"
  description = "The least rights that Plumbline needs to read the settings of a project"
  permissions = [
    "resourcemanager.folders.getIamPolicy",
    "resourcemanager.organizations.get",
    "resourcemanager.organizations.getIamPolicy",
  ]
}
