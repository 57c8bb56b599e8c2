package register

import (
	"github.com/luxfi/metric"
	"github.com/prometheus/client_golang/prometheus"
)

func register(reg prometheus.Registerer, own *metric.ContextRegistry, c prometheus.Collector) error {
	reg.Register(c)             // want `the error of Register is ignored: a collector that is refused is missing in all scrapes; check it, or call MustRegister`
	prometheus.Register(c)      // want `call MustRegister`
	own.RegisterWith(c)         // want `call MustRegisterWith`
	own.ReplaceNamed("name", c) // want `the error of ReplaceNamed is ignored: a collector that is refused is missing in all scrapes$`
	own.Exchange(nil)           // want `the error of Exchange is ignored: a collector that is refused is missing in all scrapes$`
	go reg.Register(c)          // want `ignored`
	defer reg.Register(c)       // want `ignored`
	_ = reg.Register(c)
	reg.MustRegister(c)
	if err := reg.Register(c); err != nil {
		return err
	}
	services{}.Register(c)
	return reg.Register(c)
}

type services struct{}

func (services) Register(prometheus.Collector) error { return nil }
