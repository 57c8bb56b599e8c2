// Package browser tests the dashboard in a real browser.
//
// Its tests need the build tag e2e, Chromium and, for the accessibility rules, axe-core (make browser).
// If one of them is missing, the tests are skipped, or fail if the environment variable E2E_ALL is set.
//
// The command screenshots takes the pictures for the documentation (make screenshots).
package browser
