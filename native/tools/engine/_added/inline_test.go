package device

import "os"

// Upstream's tests run with both schedulings.
func init() { InlineByDefault.Store(os.Getenv("SAG_ENGINE") == "inline") }
