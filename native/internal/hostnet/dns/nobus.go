package dns

import (
	"context"
	"fmt"
	"net/netip"

	"sag.software/native/internal/msg"
)

// noBus is a host without a system bus, where only File is available.
type noBus struct{}

func (noBus) owners() map[string]string                         { return nil }
func (noBus) manager() ManagerFacts                             { return ManagerFacts{} }
func (noBus) found(Backend, string, netip.Addr) (*Names, error) { return nil, nil }
func (noBus) unset(Names) (bool, error)                         { return false, nil }
func (noBus) leftovers() []Names                                { return nil }
func (noBus) watch(context.Context, func())                     {}
func (noBus) set(n Names) error {
	return &msg.Error{Message: msg.DNSNoBus(fmt.Sprint(n.Backend)), Under: ErrRefused}
}
