package embedded

import "syscall"

// watched makes Postgres run as the account and in a group of its own, so that Ctrl-C reaches it through us alone. It
// is told to stop when we die, however we die. The kernel watches the thread that started it, not the process: that
// thread must live as long as Postgres does.
func (a account) watched() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true, Pdeathsig: syscall.SIGINT}
}
