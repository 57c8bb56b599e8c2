package remote

// WhenFreed has f called with the memory of each body that is freed.
func WhenFreed(f func([]byte)) { whenFreed = f }
