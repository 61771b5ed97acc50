package packet

import "time"

// UDPIdle is how long an idle UDP flow is kept at least, except for DNS: an answer may take that long
// (https://www.rfc-editor.org/rfc/rfc4787#section-4.3, REQ-5).
const UDPIdle = 2 * time.Minute
