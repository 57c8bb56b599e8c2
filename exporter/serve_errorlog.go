package exporter

import (
	"context"
	"log/slog"
	"strings"
)

// errorLog passes on what http.Server logs.
type errorLog struct{ logger *slog.Logger }

// noise are the beginnings of what clients can cause at will, such as port scanners and those that
// speak HTTP to a server that speaks TLS.
var noise = []string{"http: TLS handshake error", "http2: "}

// Write implements io.Writer. It gets one message at a time.
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
