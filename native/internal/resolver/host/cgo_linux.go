//go:build cgo

package host

// hasCgo: Go's resolver can ask the C library.
const hasCgo = true
