package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordedName is the file that says which questions a recording answers.
const recordedName = "connection.json"

// recordedConnection is what of a connection decides where calls go. It is kept with a recording, so that a replay asks
// the same whatever the environment it runs in.
type recordedConnection struct {
	Account  string   `json:"account"`
	Region   string   `json:"region"`
	Endpoint string   `json:"endpoint,omitempty"`
	Regions  []string `json:"regions,omitempty"`
	// Member and Barred are of an account of an organisation, and of one that could not be entered.
	Member bool               `json:"member,omitempty"`
	Barred *inventory.Unknown `json:"barred,omitempty"`
}

// ConnectRecording is Connect, and keeps every call in a folder. The recording is complete after close.
func ConnectRecording(ctx context.Context, c Connection, dir string) (a *Account, closeRecording func() error, err error) {
	var rec *Recorder
	c.wrap = func(next aws.HTTPClient) (aws.HTTPClient, error) {
		if next == nil {
			next = awshttp.NewBuildableClient() // as the SDK's clients do each for themselves
		}
		var err error
		rec, err = NewRecorder(dir, carried(next))
		return transport{func(req *http.Request) (*http.Response, error) { return rec.RoundTrip(req) }}, err
	}
	a, err = Connect(ctx, c)
	if err != nil {
		if rec != nil {
			err = errors.Join(err, rec.discard())
		}
		return nil, nil, err
	}
	kept := recordedConnection{
		Account: a.id, Region: a.cfg.Region, Endpoint: aws.ToString(a.cfg.BaseEndpoint), Regions: c.Regions,
		Member: c.Member, Barred: a.barred,
	}
	return a, func() error { return errors.Join(kept.write(dir), rec.Close()) }, nil
}

// transport lets the SDK's client carry the calls of a recorder, and a recorder those of the SDK.
type transport struct {
	carry func(*http.Request) (*http.Response, error)
}

// Do implements aws.HTTPClient.
func (t transport) Do(req *http.Request) (*http.Response, error) { return t.carry(req) }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) { return t.carry(req) }

// ConnectReplay connects to a recording: it needs no credentials and no network. Whichever regions were recorded can be
// collected.
func ConnectReplay(ctx context.Context, c Connection, dir string) (*Account, error) {
	replayer, err := NewReplayer(dir)
	if err != nil {
		return nil, err
	}
	kept, err := readRecorded(dir)
	if err != nil {
		return nil, err
	}
	if c.Account != "" && c.Account != kept.Account {
		return nil, fmt.Errorf("the recording is of account %s, not of %s: name another recording or another scope",
			kept.Account, c.Account)
	}
	for _, r := range c.Regions {
		if len(kept.Regions) > 0 && !slices.Contains(kept.Regions, r) {
			return nil, fmt.Errorf("the recording does not hold region %q: it was made with --region %v", r, kept.Regions)
		}
	}
	if len(c.Regions) == 0 {
		c.Regions = kept.Regions
	}
	if kept.Barred != nil {
		return &Account{id: kept.Account, barred: kept.Barred}, nil
	}
	c.Member = kept.Member
	c.Account, c.Region, c.Endpoint, c.Sealed = kept.Account, kept.Region, kept.Endpoint, true
	c.RoleARN, c.CallsPerSecond = "", replayRate
	c.HTTP = transport{replayer.RoundTrip}
	c.Static = credentials.NewStaticCredentialsProvider("replayed", "replayed", "")
	return Connect(ctx, c)
}

// replayRate lifts the budget of calls: a recording has no limits to spare.
const replayRate = 1e6

func (k recordedConnection) write(dir string) error {
	out, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, recordedName), append(out, '\n'), 0o600); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

func readRecorded(dir string) (recordedConnection, error) {
	var k recordedConnection
	raw, err := os.ReadFile(filepath.Join(dir, recordedName)) // #nosec G304 -- the folder was named for this
	if err == nil {
		err = json.Unmarshal(raw, &k)
	}
	if err != nil {
		return k, fmt.Errorf("replay calls of %s: %w", dir, err)
	}
	return k, nil
}
