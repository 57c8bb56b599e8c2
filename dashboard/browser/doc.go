// Package browser tests the dashboard in a real browser.
//
// Its tests need the build tag e2e, Chromium and, for the rules of accessibility, axe-core (make browser). Where
// one of them is missing, they are skipped, or fail if the environment variable E2E_ALL is set.
//
// The command screenshots takes the pictures of the documentation (make screenshots).
package browser
