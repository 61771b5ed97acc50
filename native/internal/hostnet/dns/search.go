package dns

import (
	"os"
	"strings"

	"sag.software/native/internal/router"
)

// Search is the host's own search list as of now: that of /etc/resolv.conf, or of its host name where the file has none, as
// the C library reads it. Where there is no such file (Windows) it is empty.
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
