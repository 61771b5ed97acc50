package link

import (
	"errors"

	"golang.zx2c4.com/wireguard/tun"
)

func open(string, int) (tun.Device, error) { return nil, errors.ErrUnsupported }
