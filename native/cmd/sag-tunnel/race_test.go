//go:build race

package main

// racing is set under the race detector, which distorts times and memory. They are measured again without it.
const racing = true
