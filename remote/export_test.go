package remote

// WhenFreed makes the package call f with the memory of each body that is freed.
func WhenFreed(f func([]byte)) { whenFreed = f }
