package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// largestAnswer bounds one answer: a page of a thousand large resources stays well below it.
const largestAnswer = 256 << 20

// call makes one call and returns the body of its answer. A refusal is an *apiError; what asks for fewer calls, or is
// short of breath, is tried again a few times.
func (c *Clients) call(ctx context.Context, method, api, path string, query url.Values, body any) ([]byte, error) {
	if c.export != nil {
		return nil, errNotExported
	}
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("write call of %s: %w", path, err)
		}
	}
	return c.carry(ctx, api, func(ctx context.Context) (*http.Request, error) {
		return c.request(ctx, method, api, path, query, sent)
	})
}

// carry makes a call at the pace of its API, again where it was refused in passing, and returns the body of the answer.
func (c *Clients) carry(ctx context.Context, api string,
	request func(context.Context) (*http.Request, error)) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		if err := c.budget.wait(ctx, api); err != nil {
			return nil, err
		}
		out, err := c.attempt(ctx, api, request)
		var refused *apiError
		if err == nil || attempt >= c.attempts || !errors.As(err, &refused) || !refused.passing() {
			return out, err
		}
		pause := time.NewTimer(refused.pause(attempt))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}

func (c *Clients) attempt(ctx context.Context, api string,
	request func(context.Context) (*http.Request, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := request(ctx)
	if err != nil {
		return nil, err
	}
	if c.endpoint != nil {
		// One endpoint stands for every API; the host still says which is meant.
		req.Host = api
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		return nil, readError(resp, out)
	}
	return out, nil
}

func (c *Clients) request(ctx context.Context, method, api, path string, query url.Values,
	body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.address(api, path, query), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make call of %s: %w", path, err)
	}
	if body == nil {
		req.Body, req.ContentLength = nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	return req, nil
}

func (c *Clients) address(api, path string, query url.Values) string {
	u := url.URL{Scheme: "https", Host: api}
	if c.endpoint != nil {
		u = *c.endpoint
	}
	out := u.Scheme + "://" + u.Host + u.Path + path
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// fetch reads one answer into a struct.
func fetch[T any](ctx context.Context, c *Clients, api, path string, query url.Values) (*T, error) {
	body, err := c.call(ctx, http.MethodGet, api, path, query, nil)
	if err != nil {
		return nil, err
	}
	return decoded[T](body)
}

// fetchOnce is fetch for what many items of a run ask for.
func fetchOnce[T any](ctx context.Context, c *Clients, api, path string, query url.Values) (*T, error) {
	body, err := c.getOnce(ctx, api, path, query)
	if err != nil {
		return nil, err
	}
	return decoded[T](body)
}

func decoded[T any](body []byte) (*T, error) {
	out := new(T)
	if err := json.Unmarshal(body, out); err != nil {
		return nil, &malformed{err}
	}
	return out, nil
}

// number reads a whole number whether it was written as a number or as a string: Google's APIs write 64 bits as
// strings, and exports do either.
type number int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(data []byte) error {
	word := string(bytes.Trim(data, `"`))
	if word == "" || word == "null" {
		return nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", word)
	}
	*n = number(f)
	return nil
}

// secondsIn reads a length of time such as "1209600s"; 0 when it is none.
func secondsIn(word string) int64 {
	d, err := time.ParseDuration(word)
	if err != nil {
		return 0
	}
	return int64(d / time.Second)
}
