package aws

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Export is the configuration items of AWS Config about one account, read instead of asking AWS. What Config does not
// record stays unknown, and so does whether there is more of a type than the items tell.
type Export struct {
	// Account is the account that the items are of.
	Account string

	spool *itemSpool
	// byPlace holds the items of a type and region in the order of the file, byName the same by resource id, name and
	// ARN. A type that belongs to no region has all of its items in one place.
	byPlace map[itemPlace][]*keptItem
	byName  map[itemName]*keptItem
	// regions are all regions that some item lies in.
	regions map[string]bool
	// oldest is the first moment that an item was captured at.
	oldest time.Time
	// faults are the first items of each place that could not be read, as errors.
	faults sync.Map
}

// itemPlace is a type in a region, itemName a name of a resource there.
type (
	itemPlace struct{ typ, region string }
	itemName  struct {
		itemPlace
		name string
	}
)

// keptItem is where an item lies in the spool.
type keptItem struct {
	id, region string
	at         time.Time
	offset     int64
	length     int
	// gone says that the item tells of a resource that was deleted or is no longer recorded.
	gone bool
}

// endedItems are the states in which an item tells what a resource was, not what it is.
var endedItems = []string{"ResourceDeleted", "ResourceNotRecorded", "ResourceDeletedNotRecorded"}

// wantedItems says what a file should have been.
const wantedItems = "want a configuration snapshot with configurationItems, the Results of a query of an aggregator, " +
	"or one configuration item a line"

// ReadExport reads configuration items: a snapshot as AWS Config delivers it, compressed or not, the results of
// select-aggregate-resource-config, an array of items, or one item a line. Each account among them is an export of its
// own. Items are handed to a spool as they come, so that memory does not grow with the file.
func ReadExport(r io.Reader) ([]*Export, error) {
	plain, err := uncompressed(r)
	if err != nil {
		return nil, fmt.Errorf("items of AWS Config: %w", err)
	}
	spool, err := newItemSpool()
	if err != nil {
		return nil, fmt.Errorf("items of AWS Config: %w", err)
	}
	reader := &itemReader{decoder: json.NewDecoder(plain), spool: spool, byAccount: map[string]*Export{}}
	err = reader.all()
	if err == nil {
		err = spool.flush()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("items of AWS Config: after item %d: %w", reader.n, err), spool.close())
	}
	if reader.n == 0 {
		return nil, errors.Join(errors.New("items of AWS Config: there is none; "+wantedItems), spool.close())
	}
	out := make([]*Export, 0, len(reader.byAccount))
	for _, e := range reader.byAccount {
		e.settle()
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *Export) int { return strings.Compare(a.Account, b.Account) })
	return out, nil
}

// uncompressed looks at the first bytes: AWS Config delivers its snapshots compressed.
func uncompressed(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	head, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// itemReader takes items off a file one by one.
type itemReader struct {
	decoder   *json.Decoder
	spool     *itemSpool
	byAccount map[string]*Export
	n         int
	// wanted chooses among the items; nil takes all.
	wanted func(*configItem) bool
}

// all reads every value of the file.
func (r *itemReader) all() error {
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w; %s", err, wantedItems)
		}
		switch token {
		case json.Delim('{'):
			err = r.object()
		case json.Delim('['):
			err = r.array()
		default:
			err = fmt.Errorf("%v is no object; %s", token, wantedItems)
		}
		if err != nil {
			return err
		}
	}
}

// object reads a snapshot, a page of results or a single item, whose opening brace is read already.
func (r *itemReader) object() error {
	members, holder := map[string]json.RawMessage{}, false
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if strings.EqualFold(name, "configurationItems") || strings.EqualFold(name, "results") {
			holder = true
			if err := r.list(name); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := r.decoder.Decode(&value); err != nil {
			return err
		}
		members[name] = value
	}
	if _, err := r.decoder.Token(); err != nil {
		return err
	}
	if holder {
		return nil
	}
	raw, err := json.Marshal(members)
	if err != nil {
		return err
	}
	return r.take(raw)
}

// list reads the array that a member holds.
func (r *itemReader) list(name string) error {
	token, err := r.decoder.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return fmt.Errorf("%s is no array; %s", name, wantedItems)
	}
	return r.array()
}

// array reads items up to the closing bracket. Queries give each item as text.
func (r *itemReader) array() error {
	for r.decoder.More() {
		var raw json.RawMessage
		if err := r.decoder.Decode(&raw); err != nil {
			return err
		}
		if raw[0] == '"' {
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return err
			}
			raw = json.RawMessage(text)
		}
		if err := r.take(raw); err != nil {
			return err
		}
	}
	_, err := r.decoder.Token()
	return err
}

// take keeps one item, unless a later one of the same resource is kept already.
func (r *itemReader) take(raw []byte) error {
	i, err := readItem(raw)
	if err != nil {
		return err
	}
	r.n++
	if r.wanted != nil && !r.wanted(i) {
		return nil
	}
	e := r.byAccount[i.account()]
	if e == nil {
		e = &Export{Account: i.account(), spool: r.spool, byPlace: map[itemPlace][]*keptItem{},
			byName: map[itemName]*keptItem{}, regions: map[string]bool{}, oldest: i.at}
		r.byAccount[e.Account] = e
	}
	if regionShape.MatchString(i.Region) {
		e.regions[i.Region] = true
	}
	if i.at.Before(e.oldest) {
		e.oldest = i.at
	}
	t := recordedTypes[i.Type]
	if t == nil {
		return nil
	}
	return e.keep(t, i)
}

func (e *Export) keep(t *recordedType, i *configItem) error {
	at := t.place(i.Region)
	k := e.byName[itemName{at, i.ID}]
	switch {
	case k == nil:
		k = &keptItem{id: i.ID, region: i.Region}
		e.byPlace[at] = append(e.byPlace[at], k)
	case i.at.Before(k.at):
		return nil
	}
	k.at, k.gone = i.at, slices.Contains(endedItems, i.Status)
	for _, name := range []string{i.ID, i.Name, i.ARN} {
		if name != "" {
			e.byName[itemName{at, name}] = k
		}
	}
	if k.gone {
		return nil
	}
	var err error
	k.offset, k.length, err = e.spool.add(i.kept())
	return err
}

// settle drops what is gone once all is read.
func (e *Export) settle() {
	for at, items := range e.byPlace {
		e.byPlace[at] = slices.DeleteFunc(items, func(k *keptItem) bool { return k.gone })
	}
	for name, k := range e.byName {
		if k.gone {
			delete(e.byName, name)
		}
	}
}

// named is the item of a resource by its id, its name or its ARN; nil where there is none.
func (e *Export) named(t *recordedType, region, name string) *keptItem {
	at := t.place(region)
	if k := e.byName[itemName{at, name}]; k != nil {
		return k
	}
	return e.byName[itemName{at, shortID(name)}]
}
