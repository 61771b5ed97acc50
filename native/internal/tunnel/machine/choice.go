package machine

import (
	"slices"

	"sag.software/native/internal/tunnel/profile"
)

// Candidate is one endpoint of one access point.
type Candidate struct {
	AccessPoint profile.AccessPoint
	Endpoint    profile.Endpoint
}

// same tells whether two candidates are the same peer at the same place, whatever else has changed.
func (c Candidate) same(other Candidate) bool {
	return c.AccessPoint.ID == other.AccessPoint.ID && c.AccessPoint.PublicKey == other.AccessPoint.PublicKey &&
		c.Endpoint == other.Endpoint
}

// candidates puts everything that can be tried in order: access points that have acknowledged this session first, else
// in the cloud's order; and each one's first endpoint before anybody's second, so that a dead access point with many
// endpoints does not delay the next.
func candidates(p *profile.Profile) []Candidate {
	points := slices.Clone(p.AccessPoints)
	slices.SortStableFunc(points, func(a, b profile.AccessPoint) int {
		switch {
		case a.Ready == b.Ready:
			return 0
		case a.Ready:
			return -1
		default:
			return 1
		}
	})
	var all []Candidate
	for depth, more := 0, true; more; depth++ {
		more = false
		for _, ap := range points {
			if depth < len(ap.Endpoints) {
				all = append(all, Candidate{AccessPoint: ap, Endpoint: ap.Endpoints[depth]})
				more = true
			}
		}
	}
	return all
}
