package inventory

// BackupCoverage is what one plan or schedule copies: named resources, or all that carry a label.
type BackupCoverage struct {
	// Resources are the ids of what is copied.
	Resources []string `json:"resources" link:"backs_up"`
	// Selects are the labels by which more is picked, as SelectionID writes them.
	Selects []string `json:"selects" link:"selects"`
}

// SelectionID is how a schedule says that it picks what carries a label: all of a class in one scope and region.
func SelectionID(scope ScopeID, region string, class Class, key, value string) string {
	return string(scope) + "/" + region + "/" + string(class) + "/" + key + "=" + value
}
