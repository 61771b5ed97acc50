package resolver

import (
	"net/netip"
	"sync"
	"time"
)

// cacheSize is how many names are cached; beyond that, the cache is cleared.
const cacheSize = 512

type cache struct {
	now func() time.Time

	mu    sync.Mutex
	names map[string]kept
}

type kept struct {
	addresses []netip.Addr
	until     time.Time
}

func (c *cache) get(name string) []netip.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.names[name]; ok && c.now().Before(k.until) {
		return k.addresses
	}
	return nil
}

func (c *cache) put(name string, addresses []netip.Addr, ttl time.Duration) {
	if ttl <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil || len(c.names) >= cacheSize {
		c.names = map[string]kept{}
	}
	c.names[name] = kept{addresses: addresses, until: c.now().Add(ttl)}
}
