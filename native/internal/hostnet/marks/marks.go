// Package marks defines the marks, numbers and names that identify this software's packets and settings on a host. They are
// defined only here, in one file per operating system.
package marks
