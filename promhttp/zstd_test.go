package promhttp_test

import _ "github.com/luxfi/metric/promhttp/zstd" // http_test.go imports client_golang's
