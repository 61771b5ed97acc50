package main

// version is set by the build.
var version = "0.1.0"
