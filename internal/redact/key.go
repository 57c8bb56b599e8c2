package redact

// Key reports whether name is a key whose value [Text] hides, such as DB_PASS, api_key or
// Authorization.
func Key(name string) bool {
	kind, _ := kindOf(name)
	return kind != harmless
}
