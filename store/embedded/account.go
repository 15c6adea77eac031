//go:build unix

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the system user that Postgres runs as.
type account struct {
	name     string
	uid, gid uint32
	// other tells that it is not the caller's own.
	other bool
}

// chooseAccount decides who runs Postgres. Files that are there already settle it; only root has a choice at all.
func chooseAccount(o Options) (account, error) {
	self := account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	self.name = nameOf(self.uid)
	owner, there := ownerOf(o.clusterDir())
	if self.uid != 0 {
		if there && owner != self.uid {
			return account{}, fmt.Errorf("the data in %s belongs to user %s: run as that user, or choose another data folder",
				o.clusterDir(), nameOf(owner))
		}
		if o.User != "" && o.User != self.name && o.User != strconv.Itoa(int(self.uid)) {
			return account{}, fmt.Errorf("only root can run Postgres as user %s: leave out --user, or run as root", o.User)
		}
		return self, nil
	}
	if !there {
		return chooseOther(o.User)
	}
	if owner == 0 {
		return account{}, fmt.Errorf("the data in %s belongs to root, whom Postgres refuses: give the folder to an ordinary "+
			"user (chown -R)", o.clusterDir())
	}
	who, err := lookUp(strconv.Itoa(int(owner)))
	if err != nil {
		return account{}, err
	}
	if o.User != "" && o.User != who.name && o.User != strconv.Itoa(int(owner)) {
		return account{}, fmt.Errorf("the data in %s belongs to user %s, not %s: leave out --user, or give the folder to %s "+
			"(chown -R)", o.clusterDir(), who.name, o.User, o.User)
	}
	return who, nil
}

// chooseOther picks a user for root, who may not run Postgres.
func chooseOther(name string) (account, error) {
	if name != "" {
		return lookUp(name)
	}
	for _, name := range []string{"postgres", "nobody"} {
		if who, err := lookUp(name); err == nil {
			return who, nil
		}
	}
	return account{}, errors.New("root may not run Postgres, and there is no user postgres or nobody: name one with " +
		"--user, or set DATABASE_URL")
}

// lookUp finds a user by name or number; a number need not have a name.
func lookUp(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		id, e := strconv.ParseUint(name, 10, 32)
		if e != nil {
			return account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return account{name: name, uid: uint32(id), gid: uint32(id), other: true}, nil
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("look up user %s: %w", name, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("look up user %s: %w", name, err)
	}
	if uid == 0 {
		return account{}, errors.New("root may not run Postgres: name an ordinary user with --user")
	}
	return account{name: u.Username, uid: uint32(uid), gid: uint32(gid), other: true}, nil
}

func nameOf(uid uint32) string {
	id := strconv.Itoa(int(uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func ownerOf(path string) (uid uint32, there bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return stat.Uid, true
}

// credential is nil when the caller's own user will do.
func (a account) credential() *syscall.Credential {
	if !a.other {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// attributes make a short command run as the account.
func (a account) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true}
}

// give hands a file or folder to the account.
func (a account) give(path string) error {
	if !a.other {
		return nil
	}
	if err := os.Chown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("give %s to user %s: %w", path, a.name, a.explain(err))
	}
	return nil
}

// barredFrom returns the first folder on the way to path that the account may not enter, or nothing. Root's own rights
// tell nothing about the user it hands over to.
func (a account) barredFrom(path string) string {
	if !a.other {
		return ""
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && !a.enters(info) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func (a account) enters(dir fs.FileInfo) bool {
	stat, ok := dir.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	switch {
	case stat.Uid == a.uid:
		return dir.Mode()&0o100 != 0
	case stat.Gid == a.gid:
		return dir.Mode()&0o010 != 0
	}
	return dir.Mode()&0o001 != 0
}

// explain adds the way out to a refusal to change users, as containers without CAP_SETUID give it.
func (a account) explain(err error) error {
	if a.other && errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("root may not act as user %s here: start as an ordinary user, or set DATABASE_URL: %w", a.name, err)
	}
	return err
}
