package redact_test

import (
	"testing"

	"github.com/luxfi/metric/internal/redact"
)

func TestKey(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "DB_PASS": true, "api_key": true, "apiKey": true, "Authorization": true, "client-secret": true, "password2": true,
		"": false, "user": false, "password_file": false, "compass": false, "timeout": false, "tokens_per_second": false,
	} {
		if got := redact.Key(name); got != want {
			t.Errorf("Key(%q) = %v", name, got)
		}
	}
}
