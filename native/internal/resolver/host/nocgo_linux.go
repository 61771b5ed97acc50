//go:build !cgo

package host

// hasCgo reports whether Go's resolver can call the C library.
const hasCgo = false
