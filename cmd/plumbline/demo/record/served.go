package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// openSubscription is the company's subscription of Azure.
func openSubscription(_ context.Context, dir string) (player, error) {
	estate, err := armtest.Read(filepath.Join(dir, "azure.json"))
	if err != nil {
		return nil, err
	}
	d := &data{
		scope: demo.Scope{ID: inventory.ScopeID(string(inventory.Azure) + ":" + estate.Subscription), Name: estate.Name},
		idOf:  func(doc document) string { return armtest.Resource(doc).ID() },
		serve: func(held []document, denied []string) (http.Handler, error) {
			now := armtest.Estate{Subscription: estate.Subscription, Name: estate.Name, Tags: estate.Tags}
			for _, doc := range held {
				now.Resources = append(now.Resources, doc)
			}
			server := armtest.NewServer(now)
			server.Deny(denied...)
			return server, nil
		},
	}
	for _, r := range estate.Resources {
		if err := d.put([]document{r}); err != nil {
			return nil, err
		}
	}
	d.changes, err = readChanges(filepath.Join(dir, "azure_weeks.json"))
	return d, err
}

// openProject is the company's project of Google Cloud.
func openProject(_ context.Context, dir string) (player, error) {
	name := filepath.Join(dir, "gcp.jsonl")
	raw, err := os.ReadFile(name) // #nosec G304 -- a file of the project
	if err != nil {
		return nil, fmt.Errorf("read estate: %w", err)
	}
	estate, err := gcptest.Read(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	d := &data{
		scope: demo.Scope{ID: inventory.ScopeID(string(inventory.GCP) + ":" + estate.Project), Name: "Brackenfield routing"},
		idOf:  lineID, serve: serveProject,
	}
	for line := range bytes.Lines(raw) {
		var doc document
		if err := json.Unmarshal(line, &doc); err != nil {
			return nil, fmt.Errorf("read estate %s: %w", name, err)
		}
		if err := d.put([]document{doc}); err != nil {
			return nil, err
		}
	}
	d.changes, err = readChanges(filepath.Join(dir, "gcp_weeks.json"))
	return d, err
}

// lineID is what a line of a project is called by: an asset's name, the path of an answer, or the project itself.
func lineID(doc document) string {
	for _, key := range []string{"name", "path", "project"} {
		if id, ok := doc[key].(string); ok {
			return id
		}
	}
	return ""
}

func serveProject(held []document, denied []string) (http.Handler, error) {
	var lines bytes.Buffer
	for _, doc := range held {
		if err := json.NewEncoder(&lines).Encode(doc); err != nil {
			return nil, fmt.Errorf("write estate: %w", err)
		}
	}
	estate, err := gcptest.Read(&lines)
	if err != nil {
		return nil, err
	}
	server := gcptest.NewServer(estate)
	server.Deny(denied...)
	return server, nil
}
