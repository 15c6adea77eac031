package aws

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

// rootUse is the line of the credential report about the root user: nothing else tells when it was used. Times are nil
// where the report has none.
type rootUse struct {
	MadeAt         *time.Time   `json:"made_at,omitempty"`
	PasswordUsedAt *time.Time   `json:"password_used_at,omitempty"`
	PasswordUnread bool         `json:"password_unread,omitempty"`
	Keys           []rootKeyUse `json:"keys,omitempty"`
}

// rootKeyUse is what the report says about one active key of the root user.
type rootKeyUse struct {
	RotatedAt *time.Time `json:"rotated_at,omitempty"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

// reportTries and reportPause bound the wait for a report that AWS is still writing.
const (
	reportTries = 5
	reportPause = 2 * time.Second
)

// askRootUse reads the report. When it cannot be read and could not be written either, the second is the reason.
func askRootUse(ctx context.Context, c *Clients) collectors.Answer[rootUse] {
	written := ask("GenerateCredentialReport", "iam:GenerateCredentialReport", func() (*iam.GenerateCredentialReportOutput, error) {
		return writeReport(ctx, c)
	})
	read := ask("GetCredentialReport", "iam:GetCredentialReport", func() (*rootUse, error) {
		out, err := c.IAM.GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
		if err != nil {
			return nil, err
		}
		return readRootUse(out.Content)
	})
	if read.Failed != nil && written.Failed != nil {
		read.Action, read.Permission, read.Failed = written.Action, written.Permission, written.Failed
	}
	return read
}

// writeReport has AWS write a report unless a fresh one is there, and waits for it.
func writeReport(ctx context.Context, c *Clients) (*iam.GenerateCredentialReportOutput, error) {
	for try := 1; ; try++ {
		out, err := c.IAM.GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
		if err != nil || out.State == types.ReportStateTypeComplete || try == reportTries {
			return out, err
		}
		select {
		case <-time.After(reportPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// readRootUse reads the root user's line. A report without that line leaves everything about it unsaid.
func readRootUse(content []byte) (*rootUse, error) {
	lines, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("credential report: %w", err)
	}
	if len(lines) == 0 {
		return &rootUse{}, nil
	}
	for _, line := range lines[1:] {
		if len(line) == 0 || line[0] != "<root_account>" {
			continue
		}
		field := map[string]string{}
		for i, name := range lines[0] {
			field[name] = line[i]
		}
		return rootUseOf(field), nil
	}
	return &rootUse{}, nil
}

func rootUseOf(field map[string]string) *rootUse {
	u := &rootUse{MadeAt: reportTime(field["user_creation_time"]), PasswordUsedAt: reportTime(field["password_last_used"])}
	switch field["password_last_used"] {
	case "no_information", "N/A":
	default:
		u.PasswordUnread = u.PasswordUsedAt == nil
	}
	for _, n := range []string{"1", "2"} {
		if field["access_key_"+n+"_active"] == "true" {
			u.Keys = append(u.Keys, rootKeyUse{
				RotatedAt: reportTime(field["access_key_"+n+"_last_rotated"]),
				UsedAt:    reportTime(field["access_key_"+n+"_last_used_date"]),
			})
		}
	}
	return u
}

func reportTime(text string) *time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil
	}
	return aws.Time(t.UTC())
}

// lastUse is the latest moment of those that are set; the fallback when none is.
func lastUse(fallback *time.Time, moments ...*time.Time) *time.Time {
	var last *time.Time
	for _, m := range moments {
		if m != nil && (last == nil || m.After(*last)) {
			last = m
		}
	}
	if last == nil {
		return fallback
	}
	return last
}
