package tunnel_test

import (
	"testing"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/tunnel/tunneltest"
)

// The access point has other keys than the client and sends no error: the client recovers by itself.
func TestKeysLost(t *testing.T) {
	for name, publicKey := range map[string]bool{"pre-shared key": false, "public key": true} {
		t.Run(name, func(t *testing.T) {
			company := tunneltest.NewCompany(t, 1)
			p := newPerson(t, company).connect()
			defer p.Attend()()
			eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
			company.AccessPoints[0].Kill()
			p.until(3*time.Second, "reconnecting", func(s *tunnelv1.State) bool { return s.GetPhase() == reconnecting })
			company.LoseKeys(publicKey)
			company.AccessPoints[0].Start()
			t.Logf("connected after %v", p.until(9*time.Second, "connected again", phase(connected)))
			if out, err := p.bySocks(portalURL); err != nil {
				t.Errorf("%v %s", err, out)
			}
			if n := company.Incarnation(); n != 2 {
				t.Errorf("%d keys", n)
			}
			// Again, from the new key.
			company.AccessPoints[0].Kill()
			p.until(3*time.Second, "reconnecting", func(s *tunnelv1.State) bool { return s.GetPhase() == reconnecting })
			company.AccessPoints[0].Start()
			p.until(3*time.Second, "connected again", phase(connected))
			if n := company.Incarnation(); n != 2 {
				t.Errorf("%d keys, although the keys in use were valid", n)
			}
		})
	}
}
