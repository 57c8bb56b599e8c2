//go:build e2e && unix

package e2e

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"sync"
	"syscall"
)

// unprivileged returns the user as which root starts PostgreSQL, because PostgreSQL refuses to run as root.
// It returns nil if the tests do not run as root.
var unprivileged = sync.OnceValues(func() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
})

// runUnprivileged makes a command run as a user other than root.
func runUnprivileged(cmd *exec.Cmd) error {
	credential, err := unprivileged()
	if err == nil && credential != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	}
	return err
}

// giveAway gives files to the user of [runUnprivileged].
func giveAway(paths ...string) error {
	credential, err := unprivileged()
	if err != nil || credential == nil {
		return err
	}
	for _, path := range paths {
		if err := os.Chown(path, int(credential.Uid), int(credential.Gid)); err != nil {
			return err
		}
	}
	return nil
}
