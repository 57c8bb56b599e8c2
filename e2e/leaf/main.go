// Leaf is a process that the tests gather from. Its metrics never change.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// modes maps the modes of a leaf to its handlers.
var modes = map[string]func() http.Handler{
	"ordinary":      newOrdinary,
	"native":        newNative,
	"client_golang": newClientGolang,
	"text":          newText,
	"hang":          newHanging,
	"crash":         newCrashing,
	"huge":          newHuge,
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "`address` to listen on")
	mode := flag.String("mode", "ordinary", "how to answer")
	flag.Parse()
	newHandler := modes[*mode]
	if newHandler == nil {
		var known []string
		for name := range modes {
			known = append(known, name)
		}
		slices.Sort(known)
		log.Fatalf("the mode %q is unknown: there are %s", *mode, strings.Join(known, ", "))
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/metrics", newHandler())
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal((&http.Server{ReadHeaderTimeout: 5 * time.Second}).Serve(listener))
}
