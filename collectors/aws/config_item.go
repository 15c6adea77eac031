package aws

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// configItem is a configuration item of AWS Config. Snapshots, histories and queries spell some members in their own
// way; the case of names does not matter.
type configItem struct {
	Type       string `json:"resourceType"`
	ID         string `json:"resourceId"`
	Name       string `json:"resourceName"`
	ARN        string `json:"arn"`
	AccountID  string `json:"accountId"`
	AWSAccount string `json:"awsAccountId"`
	Region     string `json:"awsRegion"`
	Status     string `json:"configurationItemStatus"`
	Captured   any    `json:"configurationItemCaptureTime"`

	Configuration json.RawMessage `json:"configuration"`
	Supplementary json.RawMessage `json:"supplementaryConfiguration"`
	Tags          json.RawMessage `json:"tags"`

	at time.Time
}

func (i *configItem) account() string { return i.AccountID + i.AWSAccount }

// readItem reads the envelope of an item. The error names the member that is missing.
func readItem(raw []byte) (*configItem, error) {
	i := &configItem{}
	if err := json.Unmarshal(raw, i); err != nil {
		return nil, fmt.Errorf("%w; %s", err, wantedItems)
	}
	if i.AccountID != "" {
		i.AWSAccount = ""
	}
	for _, member := range []struct{ name, value string }{
		{"resourceType", i.Type}, {"resourceId", i.ID}, {"accountId", i.account()}, {"awsRegion", i.Region},
	} {
		if member.value == "" {
			return nil, fmt.Errorf("an item has no %s; %s", member.name, wantedItems)
		}
	}
	if id := i.account(); len(id) != 12 || strings.Trim(id, "0123456789") != "" {
		return nil, fmt.Errorf("%s %s lies in account %q, which has not twelve digits", i.Type, i.ID, i.account())
	}
	if i.Captured == nil {
		return nil, fmt.Errorf("%s %s has no configurationItemCaptureTime: without it nobody knows of when it tells",
			i.Type, i.ID)
	}
	at, err := configMoment(i.Captured)
	if err != nil {
		return nil, fmt.Errorf("configurationItemCaptureTime of %s %s: %w", i.Type, i.ID, err)
	}
	i.at = at
	return i, nil
}

// recordedItem is what an item tells of its resource.
type recordedItem struct {
	// Configuration is the resource in the words of Config, which are mostly those of the API in another case.
	Configuration map[string]any
	// Supplementary is what the API tells by further calls.
	Supplementary map[string]any
	Tags          map[string]string
	ARN           string

	region string
}

// kept is what goes to the spool of an item.
func (i *configItem) kept() [4]json.RawMessage {
	name, _ := json.Marshal(i.ARN) // text always marshals
	out := [4]json.RawMessage{i.Configuration, i.Supplementary, i.Tags, name}
	for n, raw := range out {
		if len(raw) == 0 {
			out[n] = json.RawMessage("null")
		}
	}
	return out
}

// itemSpool keeps items in a file without a name, so that memory does not grow with their number.
type itemSpool struct {
	file   *os.File
	buffer *bufio.Writer
	size   int64
}

func newItemSpool() (*itemSpool, error) {
	f, err := os.CreateTemp("", "plumbline-items-*")
	if err != nil {
		return nil, fmt.Errorf("keep items: %w", err)
	}
	// The file lives as long as it is open, and however the process ends it leaves nothing behind.
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("keep items: %w", err), f.Close())
	}
	return &itemSpool{file: f, buffer: bufio.NewWriterSize(f, 1<<16)}, nil
}

func (s *itemSpool) add(v any) (offset int64, length int, err error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return 0, 0, fmt.Errorf("keep items: %w", err)
	}
	offset = s.size
	n, err := s.buffer.Write(raw)
	s.size += int64(n)
	if err != nil {
		return 0, 0, fmt.Errorf("keep items: %w", err)
	}
	return offset, len(raw), nil
}

func (s *itemSpool) flush() error {
	if err := s.buffer.Flush(); err != nil {
		return fmt.Errorf("keep items: %w", err)
	}
	return nil
}

func (s *itemSpool) close() error { return s.file.Close() }

// read takes an item back from the spool.
func (e *Export) read(k *keptItem) (*recordedItem, error) {
	raw := make([]byte, k.length)
	if _, err := e.spool.file.ReadAt(raw, k.offset); err != nil {
		return nil, fmt.Errorf("read a kept item: %w", err)
	}
	var parts [4]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&parts); err != nil {
		return nil, fmt.Errorf("read a kept item: %w", err)
	}
	item := &recordedItem{region: k.region, ARN: textOf(parts[3])}
	var ok bool
	if item.Configuration, ok = unpacked(parts[0]).(map[string]any); !ok {
		return nil, errors.New("its configuration is no object")
	}
	item.Supplementary, _ = unpacked(parts[1]).(map[string]any)
	var err error
	item.Tags, err = itemTags(unpacked(parts[2]))
	if own, there := foldedMember(item.Configuration, []string{"Tags"}); err == nil && there && len(item.Tags) == 0 {
		item.Tags, err = itemTags(unpacked(own))
	}
	return item, err
}

// unpacked reads a value that is written as text, once or twice over, as Config does with some of them.
func unpacked(v any) any {
	for range 3 {
		text, ok := v.(string)
		if !ok || !strings.ContainsAny(firstByte(text), `{["`) {
			return v
		}
		var inner any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&inner) != nil || decoder.More() {
			return v
		}
		v = inner
	}
	return v
}

func firstByte(text string) string {
	text = strings.TrimSpace(text)
	return text[:min(len(text), 1)]
}

// supplement is a part of an item that the API tells by a call of its own; false where the item does not hold it.
func (i *recordedItem) supplement(name string) (any, bool) {
	for member, v := range i.Supplementary {
		if strings.EqualFold(member, name) {
			return unpacked(v), true
		}
	}
	return nil, false
}

// itemTags reads the tags of an item: an object, or pairs as queries give them.
func itemTags(v any) (map[string]string, error) {
	out := map[string]string{}
	switch tags := v.(type) {
	case nil:
	case map[string]any:
		for key, value := range tags {
			out[key] = textOf(value)
		}
	case []any:
		for _, pair := range tags {
			members, ok := pair.(map[string]any)
			if !ok {
				return nil, errors.New("its tags are no pairs")
			}
			key, _ := foldedMember(members, []string{"key"})
			value, _ := foldedMember(members, []string{"value"})
			out[textOf(key)] = textOf(value)
		}
	default:
		return nil, errors.New("its tags are no object")
	}
	return out, nil
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
