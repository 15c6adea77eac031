package azure

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/time/rate"
)

// Export is rows of Resource Graph about one subscription, read instead of asking Azure. What hangs below a resource,
// such as the firewall rules of a server, Resource Graph does not tell: it stays unknown.
type Export struct {
	// Subscription is the one that the rows are of, Name what people call it.
	Subscription, Name string
	byType             map[string][]json.RawMessage
}

// errNotExported is why a call gives no answer while an export is read.
var errNotExported = errors.New("not part of the export")

// exportedColumns are those that a row must have, empty or not: a column that a query left out would read as an empty
// one, and an empty one as a setting that is off.
var exportedColumns = []string{"id", "name", "type", "kind", "location", "tags", "sku", "identity", "zones",
	"managedBy", "properties"}

// ReadExport reads rows: an array, the answer that holds them in "data" or "value", or one row a line. Each
// subscription among them is an export of its own. The error names the row that is none.
func ReadExport(r io.Reader) ([]*Export, error) {
	decoder := json.NewDecoder(r)
	bySubscription := map[string]*Export{}
	n := 0
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("rows of Resource Graph: after row %d: %w", n, err)
		}
		rows, err := rowsIn(value)
		if err != nil {
			return nil, fmt.Errorf("rows of Resource Graph: after row %d: %w", n, err)
		}
		for _, row := range rows {
			n++
			if err := takeIn(bySubscription, row); err != nil {
				return nil, fmt.Errorf("rows of Resource Graph: row %d: %w", n, err)
			}
		}
	}
	if n == 0 {
		return nil, errors.New("rows of Resource Graph: there is none")
	}
	var out []*Export
	for _, e := range bySubscription {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *Export) int { return cmp.Compare(a.Subscription, b.Subscription) })
	return out, nil
}

// rowsIn are the rows of one value of the file.
func rowsIn(value json.RawMessage) ([]json.RawMessage, error) {
	if bytes.HasPrefix(value, []byte("[")) {
		var rows []json.RawMessage
		if err := json.Unmarshal(value, &rows); err != nil {
			return nil, err
		}
		return rows, nil
	}
	var whole struct {
		ID        string             `json:"id"`
		Data      *[]json.RawMessage `json:"data"`
		Value     *[]json.RawMessage `json:"value"`
		SkipToken string             `json:"$skipToken"`
		SkipAlso  string             `json:"skip_token"`
		Truncated any                `json:"resultTruncated"`
	}
	if err := json.Unmarshal(value, &whole); err != nil {
		return nil, errors.New("want rows: an array, one a line, or an answer with data")
	}
	switch {
	case whole.ID != "":
		return []json.RawMessage{value}, nil
	case whole.Data != nil:
		return *whole.Data, nil
	case whole.Value != nil:
		return *whole.Value, nil
	}
	return nil, errors.New("neither a row with an id nor an answer with data")
}

// takeIn sorts a row in by its subscription and type.
func takeIn(bySubscription map[string]*Export, raw json.RawMessage) error {
	var r struct {
		ID, Name, Type string
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	subscription := subscriptionOf(armID(r.ID))
	if !uuidShape.MatchString(subscription) || r.Type == "" {
		return fmt.Errorf("%q has no type, or lies in no subscription", r.ID)
	}
	e := bySubscription[subscription]
	if e == nil {
		e = &Export{Subscription: subscription, Name: subscription, byType: map[string][]json.RawMessage{}}
		bySubscription[subscription] = e
	}
	typ := lower(r.Type)
	if typ == lower(subscriptions.typ) && r.Name != "" {
		e.Name = r.Name
	}
	e.byType[typ] = append(e.byType[typ], raw)
	return nil
}

// exportRows yields the rows of one type. Of a type without a row, an export does not say whether there is none or
// nobody asked for it.
func exportRows[T any](e *Export, l rowsOf) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows := e.byType[lower(l.typ)]
		if len(rows) == 0 {
			yield(none, errNotExported)
			return
		}
		for _, raw := range rows {
			row, err := exportRow[T](raw)
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func exportRow[T any](raw json.RawMessage) (row T, err error) {
	var columns map[string]json.RawMessage
	if err := json.Unmarshal(raw, &columns); err != nil {
		return row, &errMalformed{err}
	}
	for _, c := range exportedColumns {
		if _, there := columns[c]; !there {
			return row, &errMalformed{fmt.Errorf("the query left out the column %s", c)}
		}
	}
	if string(columns["properties"]) == "null" {
		return row, &errMalformed{errors.New("a row has no properties")}
	}
	if err := json.Unmarshal(raw, &row); err != nil {
		return row, &errMalformed{err}
	}
	return row, nil
}

// FromExport is a subscription as an export tells it. It needs no credentials and no network.
func FromExport(e *Export) (*Subscription, error) {
	refusing := transporter(func(*http.Request) (*http.Response, error) { return nil, errNotExported })
	client, err := arm.NewClient("github.com/plumbline-posture/plumbline", "v1.0.0", Static("export"),
		&arm.ClientOptions{ClientOptions: policy.ClientOptions{Transport: refusing,
			Retry: policy.RetryOptions{MaxRetries: -1}}, DisableRPRegistration: true})
	if err != nil {
		return nil, fmt.Errorf("read an export: %w", err)
	}
	return &Subscription{id: strings.ToLower(e.Subscription), name: e.Name, arm: client, limit: rate.Inf, export: e}, nil
}
