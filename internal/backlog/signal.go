package backlog

// A signal wakes all goroutines that wait for it. The mutex of the log guards the signal.
type signal struct {
	ch chan struct{} // nil while no goroutine waits
}

// wait returns a channel that the next call of fire closes.
func (s *signal) wait() <-chan struct{} {
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) fire() {
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}

// fired is a closed channel: a goroutine that waits for it does not block.
var fired = func() <-chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()
