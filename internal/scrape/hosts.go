package scrape

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"

	"github.com/luxfi/metric/internal/collect"
)

// IdentityOf returns a comparable value that is the same for the same collector or gatherer, or nil if v
// has no identity. A function equals itself and copies of the same variable. Two closures are never equal.
func IdentityOf(v any) any {
	if v == nil {
		return nil
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.Func:
		// The second word of an interface that holds a function points to the closure. It distinguishes
		// functions with the same code.
		return funcIdentity{r.Type(), (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]}
	case r.Comparable():
		return v
	default:
		return nil
	}
}

// funcIdentity identifies a function. It keeps the closure alive, so that no other closure can get its
// address.
type funcIdentity struct {
	typ     reflect.Type
	closure unsafe.Pointer
}

// hosts holds the registries that each run a single gatherer that is not a registry itself. Handlers,
// Gatherers and multi gatherers nest these hosts. They may be made for a single call, but all that exist at
// a time have the same host for the same gatherer. So they join its runs, and know if one is stuck. A host
// exists as long as something refers to it or a run of it is under way.
var hosts struct {
	mu sync.Mutex
	by map[hostKey]weak.Pointer[Registry]
}

// hostKey is the key of a host. It must not keep alive what a gatherer points to, or a gatherer that has
// its own handler would never be freed. While the host exists, it refers to the gatherer, and nothing else
// can have the same address.
type hostKey struct {
	typ      reflect.Type
	address  uintptr
	value    any // value of a gatherer that is not a pointer
	wrapping string
}

// HostOf returns the host of the gatherer g. It returns a new one for the entry if g has none, or if g has
// no identity.
func HostOf(e *Entry, g any, w collect.Wrapping, of ErrorOf) *Registry {
	key := hostKey{typ: reflect.TypeOf(g), wrapping: fmt.Sprintf("%q%q", w.Prefix, w.Labels)}
	switch origin := IdentityOf(g).(type) {
	case nil:
		return NewHost(e, of)
	case funcIdentity:
		key.address = uintptr(origin.closure)
	default:
		if v := reflect.ValueOf(g); v.Kind() == reflect.Pointer {
			key.address = v.Pointer()
		} else {
			key.value = g
		}
	}
	hosts.mu.Lock()
	defer hosts.mu.Unlock()
	if known := hosts.by[key].Value(); known != nil {
		return known
	}
	r := NewHost(e, of)
	if hosts.by == nil {
		hosts.by = make(map[hostKey]weak.Pointer[Registry])
	}
	hosts.by[key] = weak.Make(r)
	runtime.AddCleanup(r, forgetHost, key)
	return r
}

// NewHost returns a registry that runs one gatherer.
func NewHost(e *Entry, of ErrorOf) *Registry {
	r := NewRegistry(of)
	r.Host = true
	if err := r.add(e, ""); err != nil {
		panic("BUG: " + err.Error())
	}
	return r
}

func forgetHost(key hostKey) {
	hosts.mu.Lock()
	defer hosts.mu.Unlock()
	if hosts.by[key].Value() == nil {
		delete(hosts.by, key)
	}
}
