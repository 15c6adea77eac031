package aws

import "encoding/json"

// maskingPolicy is a data protection policy as far as it says what is done with what it finds.
type maskingPolicy struct {
	Statement []struct {
		DataIdentifier []string
		Operation      struct {
			Deidentify *struct {
				MaskConfig map[string]any
			}
		}
	}
}

// deidentifies says whether a data protection policy hides what it finds; one that only reports it does not.
func deidentifies(text string) bool {
	var p maskingPolicy
	if json.Unmarshal([]byte(text), &p) != nil {
		return false
	}
	for _, s := range p.Statement {
		if s.Operation.Deidentify != nil && s.Operation.Deidentify.MaskConfig != nil {
			return true
		}
	}
	return false
}
