package main

// exitCodes are those of common/causes/table.ts for the causes that end an access point; build/causes.test.ts compares
// them.
var exitCodes = map[string]int{
	"unknown":                   1,
	"invalid_argument":          2,
	"bad_credentials":           10,
	"instance_identity_changed": 31,
	"instance_identity_unknown": 32,
	"not_permitted":             53,
	"port_in_use":               55,
	"storage_full":              56,
	"storage_damaged":           61,
	"data_directory_in_use":     76,
}

// exitCode returns 1 for a cause that is not in exitCodes.
func exitCode(cause string) int {
	if code, known := exitCodes[cause]; known {
		return code
	}
	return 1
}
