package azure

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	lockType = "Microsoft.Authorization/locks"
	lockRead = lockType + "/read"
)

// lock keeps what lies in its scope from being deleted.
type lock struct {
	ID         string `json:"id"`
	Properties struct {
		Level string `json:"level"`
	} `json:"properties"`
}

// holds says whether the lock is on a resource or on anything above it.
func (l lock) holds(id string) bool {
	level := lower(l.Properties.Level)
	if level != "cannotdelete" && level != "readonly" {
		return false
	}
	scope := above(armID(l.ID), "/providers/microsoft.authorization/locks/")
	return id == scope || strings.HasPrefix(id, scope+"/")
}

// locked says whether a resource cannot be deleted before a lock is taken away.
type locked struct {
	By string `json:"by,omitempty"`
}

// askLock looks for a lock on a resource or above it, among all of the subscription, which are asked for once.
func askLock(ctx context.Context, c *Clients, id string) collectors.Answer[locked] {
	return ask("GET "+lockType, lockRead, func() (*locked, error) {
		found, err := once(c, "locks", func() (*[]lock, error) {
			return all[lock](ctx, c, "/subscriptions/"+c.Subscription+"/providers/"+lockType, "2020-05-01")
		})
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(*found, func(l lock) bool { return l.holds(armID(id)) })
		if i < 0 {
			return &locked{}, nil
		}
		return &locked{armID((*found)[i].ID)}, nil
	})
}

// knowLock states whether a database is locked against deletion.
func knowLock(r *inventory.Resource, facts *inventory.Database, a collectors.Answer[locked]) {
	collectors.Know(r, a, func(l *locked) { facts.DeletionProtected = deref(l).By != "" }, "deletion_protected")
}
