//go:build e2e && !unix

package e2e

import "os/exec"

// runUnprivileged does nothing: PostgreSQL gives up an administrator's rights by itself.
func runUnprivileged(*exec.Cmd) error { return nil }

// giveAway does nothing, because [runUnprivileged] changes no user.
func giveAway(...string) error { return nil }
