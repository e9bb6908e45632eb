package serving

import "net"

// Hosts returns the hosts that requests at an address may name, none for all. At an address of
// loopback these are loopback's own: a request for another is mostly one of a page that has its
// name resolve to this machine (DNS rebinding). Those that are allowed are named beside them, and
// at any address leave no others.
func Hosts(address net.Addr, allowed []string) []string {
	if tcp, ok := address.(*net.TCPAddr); len(allowed) == 0 && ok && tcp.IP.IsLoopback() {
		return []string{"localhost"}
	}
	return allowed
}
