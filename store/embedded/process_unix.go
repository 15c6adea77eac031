//go:build unix && !linux

package embedded

import "syscall"

// watched makes Postgres run as the account and in a group of its own, so that Ctrl-C reaches it through us alone. A
// server that outlives us is ended by the next start, since only Linux can tell it of our death.
func (a account) watched() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true}
}
