package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/luxfi/metric/internal/engine"
)

// answerError is an error with the status of the answer.
type answerError struct {
	status int
	err    error
}

func (e *answerError) Error() string { return e.err.Error() }
func (e *answerError) Unwrap() error { return e.err }

func badRequest(err error) error { return &answerError{http.StatusBadRequest, err} }

func notFound(format string, args ...any) error {
	return &answerError{http.StatusNotFound, fmt.Errorf(format, args...)}
}

// endpoint answers requests for a path below api/.
type endpoint struct {
	method string // GET, which includes HEAD, or POST
	answer func(*Dashboard, *http.Request) (any, error)
}

// serve answers a request with JSON.
func (e endpoint) serve(d *Dashboard, w http.ResponseWriter, r *http.Request) {
	var answer any
	err := engine.Try(func() (err error) {
		answer, err = e.answer(d, r)
		return err
	})
	if err != nil {
		fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// fail answers with an error. An *answerError determines the status. For other errors, the status is 500.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var known *answerError
	switch {
	case errors.As(err, &known):
		status = known.status
	case errors.Is(err, errClosed), errors.Is(err, errNoSnapshot):
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, struct {
		Error string `json:"error"`
	}{shortError(err)})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer is not valid JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // It fails if the client has gone away.
}

// maxParameter limits the length of a parameter, in bytes.
const maxParameter = 2000

// textOf returns a parameter of a request.
func textOf(r *http.Request, name string) (string, error) {
	text := r.URL.Query().Get(name)
	if len(text) > maxParameter {
		return "", badRequest(fmt.Errorf("the parameter %s has %d bytes: at most %d are allowed", name, len(text), maxParameter))
	}
	return text, nil
}

// requiredOf returns a parameter, and an error if it is empty.
func requiredOf(r *http.Request, name string) (string, error) {
	text, err := textOf(r, name)
	if err == nil && text == "" {
		err = badRequest(fmt.Errorf("the parameter %s is missing", name))
	}
	return text, err
}

// numberOf returns a numeric parameter.
func numberOf(r *http.Request, name string, standard, least, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, badRequest(fmt.Errorf("the parameter %s is %.20q: it must be a number from %d to %d", name, text, least, most))
	}
	return n, nil
}
