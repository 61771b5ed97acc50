package dns

import (
	"os"
	"strings"

	"sag.software/native/internal/router"
)

// Search returns the host's current search list: that of /etc/resolv.conf, or the domain of the host name if the file has none,
// as in the C library. It is empty if there is no such file (Windows).
func Search() router.Search { return searchOf(confPath) }

func searchOf(path string) router.Search {
	text, err := readFile(path)
	if err != nil {
		return router.Search{Ndots: router.DefaultNdots}
	}
	conf := ReadConf(text)
	search := router.Search{Domains: conf.Search, Ndots: conf.Ndots}
	if !conf.Searches {
		if name, err := os.Hostname(); err == nil {
			if _, domain, ok := strings.Cut(strings.ToLower(name), "."); ok && domain != "" {
				search.Domains = []string{domain}
			}
		}
	}
	return search
}
