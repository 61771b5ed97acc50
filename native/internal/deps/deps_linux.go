package deps

// It compiles for no other system.
import _ "github.com/google/nftables"
