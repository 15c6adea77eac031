package main

import (
	"hash/fnv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
)

// TestThrottledByHalf refuses every other call for being one too many. The run ends, says what it lacks, and nothing
// looks better for it.
func TestThrottledByHalf(t *testing.T) {
	t.Parallel()
	proxy := mototest.Estate(t).Proxy(t)
	c := newCollected(t)
	c.collect(t, connectionTo(proxy))
	before := c.state()
	var n atomic.Int64
	proxy.Fault(func(call mototest.Call) mototest.Fault {
		if call.Service != "sts" && n.Add(1)%2 == 0 {
			return mototest.Throttle
		}
		return mototest.Pass
	})
	c.collect(t, connectionTo(proxy))
	if c.complete() {
		t.Error("the run is complete although half of its calls were refused")
	}
	complain(t, "throttled", c.improvements(before, true))
}

// TestCallsThatHang lets some calls never answer.
func TestCallsThatHang(t *testing.T) {
	t.Parallel()
	proxy := mototest.Estate(t).Proxy(t)
	c := newCollected(t)
	c.collect(t, connectionTo(proxy))
	before := c.state()
	proxy.Fault(func(call mototest.Call) mototest.Fault {
		h := fnv.New32a()
		_, _ = h.Write([]byte(call.Operation))
		if call.Service != "sts" && h.Sum32()%5 == 0 {
			return mototest.Hang
		}
		return mototest.Pass
	})
	connection := connectionTo(proxy)
	connection.Timeout = 300 * time.Millisecond
	c.collect(t, connection)
	if c.complete() {
		t.Error("the run is complete although a fifth of its operations never answered")
	}
	complain(t, "hanging", c.improvements(before, true))
}

// TestGarbleEachAction answers one operation after the other with half an answer.
func TestGarbleEachAction(t *testing.T) {
	t.Parallel()
	sweep(t, mototest.Garble, func(*testing.T, *mototest.Proxy, mototest.Call, state) {})
}
