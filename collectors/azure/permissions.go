package azure

import (
	"encoding/json"
	"fmt"
	"strings"
)

// roleName is what the role is called.
const roleName = "Plumbline collector"

const roleDescription = "Lets Plumbline read the settings of a subscription, and nothing else."

// Policy prints the least rights the collectors need, made from what each source declares: as a role definition (json),
// or as one with its assignment to deploy (bicep, terraform). None of the rights changes anything or reads content.
func Policy(format string) ([]byte, error) {
	switch format {
	case "json":
		return roleDefinition()
	case "bicep":
		return []byte(fmt.Sprintf(bicepRole, roleName, roleDescription, quoted(Permissions(), "'", "        ", "\n"))), nil
	case "terraform":
		return []byte(fmt.Sprintf(terraformRole, roleName, roleDescription, quoted(Permissions(), `"`, "      ", ",\n"))), nil
	}
	return nil, fmt.Errorf("format %q is not one of json, bicep, terraform", format)
}

// roleDefinition is what `az role definition create` takes.
func roleDefinition() ([]byte, error) {
	out, err := json.MarshalIndent(struct {
		Name             string
		IsCustom         bool
		Description      string
		Actions          []string
		NotActions       []string
		DataActions      []string
		NotDataActions   []string
		AssignableScopes []string
	}{roleName, true, roleDescription, Permissions(), []string{}, []string{}, []string{},
		[]string{"/subscriptions/" + noSubscription}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print role: %w", err)
	}
	return append(out, '\n'), nil
}

// noSubscription stands for the subscription that the role is made for, which only its owner knows.
const noSubscription = "00000000-0000-0000-0000-000000000000"

// quoted prints each word on a line of its own.
func quoted(words []string, quote, indent, end string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(indent + quote + w + quote + end)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

const bicepRole = `targetScope = 'subscription'

@description('Object id of the identity Plumbline runs as')
param principalId string

var roleName = '%[1]s'

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, roleName)
  properties: {
    roleName: roleName
    description: '%[2]s'
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      {
        actions: [
%[3]s
        ]
        notActions: []
      }
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, role.id)
  properties: {
    roleDefinitionId: role.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
`

const terraformRole = `variable "subscription_id" {
  type        = string
  description = "The subscription to read"
}

variable "principal_id" {
  type        = string
  description = "Object id of the identity Plumbline runs as"
}

resource "azurerm_role_definition" "plumbline" {
  name        = "%[1]s"
  scope       = "/subscriptions/${var.subscription_id}"
  description = "%[2]s"

  permissions {
    actions = [
%[3]s
    ]
  }

  assignable_scopes = ["/subscriptions/${var.subscription_id}"]
}

resource "azurerm_role_assignment" "plumbline" {
  scope              = "/subscriptions/${var.subscription_id}"
  role_definition_id = azurerm_role_definition.plumbline.role_definition_resource_id
  principal_id       = var.principal_id
}
`
