// Package dashboard serves a live view of a program's metrics, for people.
package dashboard
