package evaluator

import "github.com/plumbline-posture/plumbline/collectors/inventory"

// InContext moves the severity of a fail by the context rules.
func InContext(j Judgement, r *inventory.Resource, s *inventory.Settings) Judgement { return j }
