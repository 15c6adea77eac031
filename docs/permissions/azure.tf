variable "subscription_id" {
  type        = string
  description = "The subscription to read"
}

variable "principal_id" {
  type        = string
  description = "Object id of the identity Plumbline runs as"
}

resource "azurerm_role_definition" "plumbline" {
  name        = "Plumbline collector"
  scope       = "/subscriptions/${var.subscription_id}"
  description = "Lets Plumbline read the settings of a subscription, and nothing else."

  permissions {
    actions = [
      "Microsoft.Authorization/locks/read",
      "Microsoft.Authorization/permissions/read",
      "Microsoft.Cache/redis/firewallRules/read",
      "Microsoft.Cache/redis/read",
      "Microsoft.Cdn/profiles/afdEndpoints/read",
      "Microsoft.Cdn/profiles/afdEndpoints/routes/read",
      "Microsoft.Cdn/profiles/customDomains/read",
      "Microsoft.Cdn/profiles/read",
      "Microsoft.Cdn/profiles/securityPolicies/read",
      "Microsoft.Compute/disks/read",
      "Microsoft.Compute/galleries/images/read",
      "Microsoft.Compute/galleries/read",
      "Microsoft.Compute/images/read",
      "Microsoft.Compute/snapshots/read",
      "Microsoft.Compute/virtualMachineScaleSets/read",
      "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations/publicIPAddresses/read",
      "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/read",
      "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
      "Microsoft.Compute/virtualMachines/extensions/read",
      "Microsoft.Compute/virtualMachines/read",
      "Microsoft.DBforMySQL/flexibleServers/administrators/read",
      "Microsoft.DBforMySQL/flexibleServers/configurations/read",
      "Microsoft.DBforMySQL/flexibleServers/firewallRules/read",
      "Microsoft.DBforMySQL/flexibleServers/read",
      "Microsoft.DBforPostgreSQL/flexibleServers/configurations/read",
      "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/read",
      "Microsoft.DBforPostgreSQL/flexibleServers/read",
      "Microsoft.DocumentDB/databaseAccounts/read",
      "Microsoft.Insights/autoscaleSettings/read",
      "Microsoft.Insights/diagnosticSettings/read",
      "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/read",
      "Microsoft.Network/applicationGatewayAvailableSslOptions/read",
      "Microsoft.Network/applicationGatewayAvailableSslPredefinedPolicy/read",
      "Microsoft.Network/applicationGateways/read",
      "Microsoft.Network/applicationSecurityGroups/read",
      "Microsoft.Network/azureFirewalls/read",
      "Microsoft.Network/connections/read",
      "Microsoft.Network/firewallPolicies/ruleCollectionGroups/read",
      "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/read",
      "Microsoft.Network/frontDoors/read",
      "Microsoft.Network/loadBalancers/read",
      "Microsoft.Network/localNetworkGateways/read",
      "Microsoft.Network/natGateways/read",
      "Microsoft.Network/networkInterfaces/read",
      "Microsoft.Network/networkSecurityGroups/read",
      "Microsoft.Network/networkWatchers/flowLogs/read",
      "Microsoft.Network/publicIPAddresses/read",
      "Microsoft.Network/routeTables/read",
      "Microsoft.Network/virtualNetworkGateways/read",
      "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action",
      "Microsoft.Network/virtualNetworks/read",
      "Microsoft.ResourceGraph/resources/read",
      "Microsoft.Resources/subscriptions/read",
      "Microsoft.Resources/subscriptions/resourceGroups/read",
      "Microsoft.Sql/servers/auditingSettings/read",
      "Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies/read",
      "Microsoft.Sql/servers/databases/read",
      "Microsoft.Sql/servers/databases/transparentDataEncryption/read",
      "Microsoft.Sql/servers/encryptionProtector/read",
      "Microsoft.Sql/servers/firewallRules/read",
      "Microsoft.Sql/servers/read",
      "Microsoft.Sql/servers/sqlVulnerabilityAssessments/read",
      "Microsoft.Sql/servers/virtualNetworkRules/read",
      "Microsoft.Sql/servers/vulnerabilityAssessments/read",
      "Microsoft.Storage/storageAccounts/blobServices/containers/read",
      "Microsoft.Storage/storageAccounts/blobServices/read",
      "Microsoft.Storage/storageAccounts/managementPolicies/read",
      "Microsoft.Storage/storageAccounts/objectReplicationPolicies/read",
      "Microsoft.Storage/storageAccounts/read",
    ]
  }

  assignable_scopes = ["/subscriptions/${var.subscription_id}"]
}

resource "azurerm_role_assignment" "plumbline" {
  scope              = "/subscriptions/${var.subscription_id}"
  role_definition_id = azurerm_role_definition.plumbline.role_definition_resource_id
  principal_id       = var.principal_id
}
