package main

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(withLab{m}, store.Migrate) }

// withLab ends the simulator and the test database alike.
type withLab struct{ m *testing.M }

// Run runs the tests.
func (w withLab) Run() int { return mototest.Run(w.m) }
