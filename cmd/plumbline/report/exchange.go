package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// sarif writes fails as SARIF 2.1.0 results (the subset that code-scanning services read). Passes and unknowns are
// results of the kinds "pass" and "open", so that the file tells what was not known as well.
func (s *Scan) sarif(w io.Writer) error {
	type text struct {
		Text string `json:"text"`
	}
	type rule struct {
		ID         string         `json:"id"`
		Name       string         `json:"name"`
		Short      text           `json:"shortDescription"`
		Full       text           `json:"fullDescription"`
		Properties map[string]any `json:"properties"`
	}
	type result struct {
		RuleID     string           `json:"ruleId"`
		Kind       string           `json:"kind"`
		Level      string           `json:"level"`
		Message    text             `json:"message"`
		Locations  []map[string]any `json:"locations"`
		Prints     map[string]any   `json:"partialFingerprints"`
		Properties map[string]any   `json:"properties"`
	}
	kinds := map[evaluator.Verdict]string{evaluator.Fail: "fail", evaluator.Unknown: "open", evaluator.Pass: "pass"}
	levels := map[evaluator.Severity]string{evaluator.Critical: "error", evaluator.High: "error", evaluator.Medium: "warning", evaluator.Low: "note"}
	ranks := map[evaluator.Severity]string{evaluator.Critical: "9.5", evaluator.High: "8.0", evaluator.Medium: "5.5", evaluator.Low: "2.0"}
	rules := []rule{}
	for _, c := range s.catalogue.Checks {
		rules = append(rules, rule{ID: c.ID, Name: c.ID, Short: text{c.Title}, Full: text{c.Why}, Properties: map[string]any{
			"security-severity": ranks[c.Severity], "tags": append([]string{"security"}, c.ISO2022...),
		}})
	}
	document := map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []map[string]any{{
			"tool": map[string]any{"driver": map[string]any{
				"name": s.Tool.Name, "version": s.Tool.Version, "informationUri": "https://github.com/plumbline-posture/plumbline", "rules": rules,
			}},
			"invocations": []map[string]any{{"executionSuccessful": s.Complete, "startTimeUtc": s.StartedAt, "endTimeUtc": s.EndedAt}},
			"results":     placeholder{},
		}},
	}
	return streamed(w, document, " ", func(write func(any) error) error {
		for v := range s.verdicts() {
			level := "none"
			if v.Verdict == evaluator.Fail {
				level = levels[v.Severity]
			}
			err := write(result{
				RuleID: v.Check, Kind: kinds[v.Verdict], Level: level, Message: text{s.statement(v)},
				Locations: []map[string]any{{
					"physicalLocation": map[string]any{"artifactLocation": map[string]any{"uri": v.Resource.ID}},
					"logicalLocations": []map[string]any{{"fullyQualifiedName": v.Resource.ID, "name": v.Resource.Name, "kind": string(v.Resource.Kind)}},
				}},
				Prints:     map[string]any{"plumbline/v1": v.Check + "|" + v.Resource.ID},
				Properties: map[string]any{"severity": v.Severity, "base_severity": v.BaseSeverity, "unknown": cures(v.Unknown)},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ocsf writes each verdict as a Compliance Finding (class 2003) of OCSF 1.4, one on each line.
func (s *Scan) ocsf(w io.Writer) error {
	severities := map[evaluator.Severity]int{evaluator.Low: 2, evaluator.Medium: 3, evaluator.High: 4, evaluator.Critical: 5}
	statuses := map[evaluator.Verdict][2]any{evaluator.Pass: {1, "Pass"}, evaluator.Unknown: {99, "Unknown"}, evaluator.Fail: {3, "Fail"}}
	enc := json.NewEncoder(w)
	for v := range s.verdicts() {
		check := s.catalogue.Check(v.Check)
		if check == nil {
			return fmt.Errorf("check %s is not in the catalogue", v.Check)
		}
		severity := 1
		if v.Verdict == evaluator.Fail {
			severity = severities[v.Severity]
		}
		cloud := v.Resource.Kind.Cloud()
		event := map[string]any{
			"activity_id": 1, "category_uid": 2, "class_uid": 2003, "type_uid": 200301, "severity_id": severity, "status_id": 1,
			"time":    s.EndedAt.UnixMilli(),
			"message": s.statement(v),
			"metadata": map[string]any{
				"version": "1.4.0", "product": map[string]any{"name": s.Tool.Name, "vendor_name": "Plumbline", "version": s.Tool.Version},
			},
			"finding_info": map[string]any{"uid": v.Check + "|" + v.Resource.ID, "title": check.Title, "desc": check.Why, "types": []string{string(v.Resource.Class)}},
			"compliance": map[string]any{
				"control": v.Check, "standards": []string{"ISO/IEC 27001:2022", "ISO/IEC 27001:2013"}, "requirements": append(append([]string{}, check.ISO2022...), check.ISO2013...),
				"status_id": statuses[v.Verdict][0], "status": statuses[v.Verdict][1], "status_detail": cures(v.Unknown),
			},
			"cloud":     map[string]any{"provider": cloud.Title(), "region": v.Resource.Region, "account": map[string]any{"uid": v.Resource.Scope}},
			"resources": []map[string]any{{"uid": v.Resource.ID, "name": v.Resource.Name, "type": v.Resource.Kind, "region": v.Resource.Region}},
		}
		if err := enc.Encode(event); err != nil {
			return err
		}
	}
	return nil
}
