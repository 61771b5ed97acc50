//go:build race

package main

// racing: times and memory say nothing under the race detector. What is measured is measured once more without it.
const racing = true
