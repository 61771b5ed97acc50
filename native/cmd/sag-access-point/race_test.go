//go:build race

package main

// racing is set under the race detector, which needs more CPU time than these machines have for 40 Mbit/s. Throughput is measured again
// without it.
const racing = true
