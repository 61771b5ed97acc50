package link

import "golang.zx2c4.com/wireguard/tun"

func open(name string, mtu int) (tun.Device, error) { return tun.CreateTUN(name, mtu) }
