package main

import (
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// sqliteConnector connects to an SQLite file. Unlike the driver, it creates or changes a file only
// if the DSN or read_only asks for that.
func sqliteConnector(c connection) (connector, error) {
	name, err := sqliteName(c)
	if err != nil {
		return connector{}, err
	}
	made, err := sqlite.NewConnector(name)
	if err != nil {
		return connector{}, errDSN("sqlite", sqliteForm)
	}
	return connector{Connector: made}, nil
}

const sqliteForm = "the path of a file, or file:path?mode=ro, or :memory:"

// sqliteName returns the URI for the driver.
func sqliteName(c connection) (string, error) {
	dsn := c.dsn.Reveal()
	rest, isURI := strings.CutPrefix(dsn, "file:")
	path, rawQuery, _ := strings.Cut(rest, "?")
	query, err := url.ParseQuery(rawQuery)
	if isURI && err == nil {
		path, err = url.PathUnescape(path)
	}
	if err != nil {
		return "", errDSN("sqlite", sqliteForm)
	}
	memory := path == ":memory:" || query.Get("mode") == "memory"
	if !memory && !filepath.IsAbs(path) && !strings.HasPrefix(path, "/") {
		path = filepath.Join(c.dir, path)
	}
	if !memory && !query.Has("mode") {
		if c.readOnly {
			query.Set("mode", "ro")
		} else {
			query.Set("mode", "rw")
		}
	}
	if c.readOnly && !query.Has("_query_only") {
		query.Set("_query_only", "1")
	}
	if !query.Has("_busy_timeout") && !query.Has("_timeout") {
		query.Set("_busy_timeout", "5000") // The wait also ends with the context.
	}
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode(), nil
}
