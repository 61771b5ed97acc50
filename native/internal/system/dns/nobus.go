package dns

import (
	"context"
	"fmt"
	"net/netip"
)

// noBus is a machine without a system bus: nobody keeps name servers but the file.
type noBus struct{}

func (noBus) names() []string                          { return nil }
func (noBus) found(Backend, string, netip.Addr) *Names { return nil }
func (noBus) unset(Names) (bool, error)                { return false, nil }
func (noBus) leftovers() []Names                       { return nil }
func (noBus) watch(context.Context, func())            {}
func (noBus) set(n Names) error {
	return fmt.Errorf("%w: there is no system bus to reach %s by", ErrRefused, n.Backend)
}
