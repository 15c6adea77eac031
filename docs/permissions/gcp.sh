# Set both first: the project that is read, and whom Plumbline runs as.
PROJECT=my-project
COLLECTOR=serviceAccount:plumbline@my-tools.iam.gserviceaccount.com

gcloud services enable cloudasset.googleapis.com cloudresourcemanager.googleapis.com compute.googleapis.com iam.googleapis.com orgpolicy.googleapis.com storage.googleapis.com --project="$PROJECT"

gcloud iam roles create plumblineCollector --project="$PROJECT" --title="Plumbline collector" --description="The least rights that Plumbline needs to read the settings of a project" --stage=GA \
  --permissions=alloydb.clusters.list,alloydb.instances.list,bigquery.datasets.get,bigtable.instances.list,cloudasset.assets.listIamPolicy,cloudasset.assets.listResource,cloudsql.instances.list,compute.backendBuckets.list,compute.backendServices.list,compute.disks.list,compute.firewalls.list,compute.forwardingRules.list,compute.globalForwardingRules.list,compute.images.getIamPolicy,compute.images.list,compute.instanceGroups.list,compute.instances.get,compute.instances.list,compute.instances.listEffectiveTags,compute.networkEndpointGroups.get,compute.networkEndpointGroups.list,compute.networks.getEffectiveFirewalls,compute.networks.getRegionEffectiveFirewalls,compute.networks.list,compute.projects.get,compute.regionBackendServices.list,compute.regionSecurityPolicies.list,compute.regionSslPolicies.list,compute.regionTargetHttpProxies.list,compute.regionTargetHttpsProxies.list,compute.regionTargetTcpProxies.list,compute.regionUrlMaps.list,compute.routes.list,compute.securityPolicies.list,compute.snapshots.getIamPolicy,compute.snapshots.list,compute.sslPolicies.list,compute.subnetworks.list,compute.targetHttpProxies.list,compute.targetHttpsProxies.list,compute.targetInstances.list,compute.targetPools.list,compute.targetSslProxies.list,compute.targetTcpProxies.list,compute.targetVpnGateways.list,compute.urlMaps.list,compute.vpnGateways.list,compute.vpnTunnels.list,datastore.databases.list,file.instances.list,iam.roles.get,iam.serviceAccounts.getIamPolicy,iam.serviceAccounts.list,iam.workloadIdentityPoolProviders.list,managedkafka.clusters.list,orgpolicy.policy.get,pubsub.subscriptions.getIamPolicy,pubsub.subscriptions.list,pubsub.topics.getIamPolicy,pubsub.topics.list,redis.clusters.list,redis.instances.list,resourcemanager.projects.get,resourcemanager.projects.getIamPolicy,spanner.databases.list,spanner.instances.list,storage.buckets.get,storage.buckets.getIamPolicy,storage.buckets.list

gcloud iam service-accounts create plumbline-collector --project="$PROJECT"
gcloud projects add-iam-policy-binding "$PROJECT" --role="projects/$PROJECT/roles/plumblineCollector" \
  --member="serviceAccount:plumbline-collector@$PROJECT.iam.gserviceaccount.com" \
  --condition=None

# Whoever runs Plumbline acts as the account by short-lived credentials; no key is made.
gcloud iam service-accounts add-iam-policy-binding \
  "plumbline-collector@$PROJECT.iam.gserviceaccount.com" \
  --project="$PROJECT" --role=roles/iam.serviceAccountTokenCreator --member="$COLLECTOR"

# Who administers the project from above is read with these rights on its organisation; without them it is
# unknown.
# ORGANIZATION=123456789012
# gcloud iam roles create plumblineCollectorAbove --organization="$ORGANIZATION" --title="Plumbline collector, above projects" --stage=GA \
#   --permissions=resourcemanager.folders.getIamPolicy,resourcemanager.organizations.get,resourcemanager.organizations.getIamPolicy
# gcloud organizations add-iam-policy-binding "$ORGANIZATION" --condition=None \
#   --role="organizations/$ORGANIZATION/roles/plumblineCollectorAbove" \
#   --member="serviceAccount:plumbline-collector@$PROJECT.iam.gserviceaccount.com"
