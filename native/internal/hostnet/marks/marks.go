// Package marks holds what tells this software's packets and settings apart from everybody else's on a host. All numbers and names
// that it takes of an operating system are in one file for that system; nothing else may choose one.
package marks
