package system

// PortalLink is the link that a captive portal would be behind: that of the best default route which is not ours. Empty if
// there is none.
func (s Snapshot) PortalLink() string {
	best := Route{}
	for _, r := range s.Routes {
		if r.Ours || r.Table != s.MainTable() || r.Kind != RouteVia || r.Destination.Bits() != 0 || r.Link == "" {
			continue
		}
		if best.Link == "" || r.Metric < best.Metric {
			best = r
		}
	}
	return best.Link
}
