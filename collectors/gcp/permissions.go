package gcp

import (
	"encoding/json"
	"fmt"
	"strings"
)

// roleID is the id of the custom role that holds the collectors' rights.
const roleID = "plumblineCollector"

// aboveID is the id of the role that is given on the organisation: a role of a project cannot hold its rights.
const aboveID, aboveTitle = "plumblineCollectorAbove", "Plumbline collector, above projects"

const roleTitle, roleDescription = "Plumbline collector",
	"The least rights that Plumbline needs to read the settings of a project"

// Formats are the forms in which Policy prints the rights.
var Formats = []string{"json", "terraform", "gcloud"}

// Services are the APIs a project should have switched on: with the asset inventory alone most kinds are told, and the
// others add what it leaves out.
var Services = []string{assetAPI, projectAPI, computeAPI, iamAPI, orgPolicyAPI, storageAPI}

// Policy prints the least rights the collectors need, made from what each source declares: as a custom role (json), as
// that role with its binding (terraform), or as the commands that make both (gcloud). None of them holds a secret: the
// collector acts as the account by short-lived credentials.
func Policy(format string) ([]byte, error) {
	switch format {
	case "json":
		out, err := json.MarshalIndent(map[string]any{
			"title": roleTitle, "description": roleDescription, "stage": "GA", "includedPermissions": Permissions(),
		}, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("print role: %w", err)
		}
		return append(out, '\n'), nil
	case "terraform":
		return terraform(), nil
	case "gcloud":
		return gcloud(), nil
	}
	return nil, fmt.Errorf("format %q is not one of %s", format, strings.Join(Formats, ", "))
}

const terraformHead = `variable "project" {
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
  for_each           = toset([%s])
  project            = var.project
  service            = each.key
  disable_on_destroy = false
}

resource "google_project_iam_custom_role" "plumbline" {
  project     = var.project
  role_id     = "%s"
  title       = "%s"
  description = "%s"
  permissions = [
`

func terraform() []byte {
	var services []string
	for _, s := range Services {
		services = append(services, fmt.Sprintf("%q", s))
	}
	var b strings.Builder
	fmt.Fprintf(&b, terraformHead, strings.Join(services, ", "), roleID, roleTitle, roleDescription)
	for _, p := range Permissions() {
		fmt.Fprintf(&b, "    %q,\n", p)
	}
	b.WriteString("  ]\n}\n\noutput \"service_account\" {\n  value = google_service_account.plumbline.email\n}\n")
	fmt.Fprintf(&b, terraformAbove, aboveID, aboveTitle, roleDescription)
	for _, p := range PermissionsAbove() {
		fmt.Fprintf(&b, "    %q,\n", p)
	}
	b.WriteString("  ]\n}\n")
	return []byte(b.String())
}

// terraformAbove is left out where no organisation is named: all that is about the project itself is judged without it.
const terraformAbove = `
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
  role_id     = "%s"
  title       = "%s"
  description = "%s"
  permissions = [
`

func gcloud() []byte {
	var b strings.Builder
	b.WriteString("# Set both first: the project that is read, and whom Plumbline runs as.\n")
	b.WriteString("PROJECT=my-project\nCOLLECTOR=serviceAccount:plumbline@my-tools.iam.gserviceaccount.com\n\n")
	fmt.Fprintf(&b, "gcloud services enable %s --project=\"$PROJECT\"\n\n", strings.Join(Services, " "))
	fmt.Fprintf(&b,
		"gcloud iam roles create %s --project=\"$PROJECT\" --title=%q --description=%q --stage=GA \\\n  --permissions=%s\n\n",
		roleID, roleTitle, roleDescription, strings.Join(Permissions(), ","))
	b.WriteString("gcloud iam service-accounts create plumbline-collector --project=\"$PROJECT\"\n")
	fmt.Fprintf(&b, "gcloud projects add-iam-policy-binding \"$PROJECT\" --role=\"projects/$PROJECT/roles/%s\" \\\n",
		roleID)
	b.WriteString("  --member=\"serviceAccount:plumbline-collector@$PROJECT.iam.gserviceaccount.com\" \\\n")
	b.WriteString("  --condition=None\n\n")
	b.WriteString("# Whoever runs Plumbline acts as the account by short-lived credentials; no key is made.\n")
	b.WriteString("gcloud iam service-accounts add-iam-policy-binding \\\n")
	b.WriteString("  \"plumbline-collector@$PROJECT.iam.gserviceaccount.com\" \\\n")
	b.WriteString("  --project=\"$PROJECT\" --role=roles/iam.serviceAccountTokenCreator --member=\"$COLLECTOR\"\n\n")
	b.WriteString("# Who administers the project from above is read with these rights on its organisation; without them it is\n" +
		"# unknown.\n# ORGANIZATION=123456789012\n")
	fmt.Fprintf(&b, "# gcloud iam roles create %s --organization=\"$ORGANIZATION\" --title=%q --stage=GA \\\n#   --permissions=%s\n",
		aboveID, aboveTitle, strings.Join(PermissionsAbove(), ","))
	fmt.Fprintf(&b, "# gcloud organizations add-iam-policy-binding \"$ORGANIZATION\" --condition=None \\\n"+
		"#   --role=\"organizations/$ORGANIZATION/roles/%s\" \\\n", aboveID)
	b.WriteString("#   --member=\"serviceAccount:plumbline-collector@$PROJECT.iam.gserviceaccount.com\"\n")
	return []byte(b.String())
}
