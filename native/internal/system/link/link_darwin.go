package link

import (
	"golang.zx2c4.com/wireguard/tun"

	"sag.software/native/internal/system"
)

func open(string, int) (tun.Device, error) { return nil, system.ErrNotSupported }
