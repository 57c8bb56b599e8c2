package exporter

import (
	"context"
	"log/slog"
	"strings"
)

// errorLog forwards the log messages of http.Server to a logger.
type errorLog struct{ logger *slog.Logger }

// noise are prefixes of messages that clients can cause at will: for example, port scanners and clients
// that speak HTTP to a TLS server.
var noise = []string{"http: TLS handshake error", "http2: "}

// Write implements io.Writer. Each call gets one message.
func (l errorLog) Write(p []byte) (int, error) {
	text, level := strings.TrimSpace(string(p)), slog.LevelWarn
	for _, prefix := range noise {
		if strings.HasPrefix(text, prefix) {
			level = slog.LevelDebug
		}
	}
	l.logger.Log(context.Background(), level, text)
	return len(p), nil
}
