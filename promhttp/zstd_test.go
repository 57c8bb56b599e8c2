package promhttp_test

import _ "github.com/luxfi/metric/promhttp/zstd" // As http_test.go does with client_golang's.
