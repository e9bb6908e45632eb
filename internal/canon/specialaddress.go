package canon

import "net/netip"

// specialAddresses are those of IANA's IPv4 and IPv6 special-purpose address registries, and
// multicast. The first that holds an address decides; what is globally reachable is public and
// stands before what it is an exception to. Private are the addresses that hosts have within a
// network; reserved is what no host on the internet has. 6to4 and Teredo lead to public addresses.
var specialAddresses = []struct {
	prefix netip.Prefix
	reason NotPublic
}{
	{netip.MustParsePrefix("10.0.0.0/8"), PrivateAddress},       // RFC 1918
	{netip.MustParsePrefix("172.16.0.0/12"), PrivateAddress},    // RFC 1918
	{netip.MustParsePrefix("192.168.0.0/16"), PrivateAddress},   // RFC 1918
	{netip.MustParsePrefix("100.64.0.0/10"), PrivateAddress},    // shared by an operator's customers, RFC 6598
	{netip.MustParsePrefix("169.254.0.0/16"), PrivateAddress},   // link-local, RFC 3927
	{netip.MustParsePrefix("0.0.0.0/8"), ReservedAddress},       // this network, RFC 791
	{netip.MustParsePrefix("127.0.0.0/8"), ReservedAddress},     // loopback, RFC 1122
	{netip.MustParsePrefix("192.0.0.9/32"), Public},             // Port Control Protocol, RFC 7723
	{netip.MustParsePrefix("192.0.0.10/32"), Public},            // TURN, RFC 8155
	{netip.MustParsePrefix("192.0.0.0/24"), ReservedAddress},    // protocol assignments, RFC 6890
	{netip.MustParsePrefix("192.0.2.0/24"), ReservedAddress},    // documentation, RFC 5737
	{netip.MustParsePrefix("192.88.99.0/24"), ReservedAddress},  // relays of 6to4, deprecated by RFC 7526
	{netip.MustParsePrefix("198.18.0.0/15"), ReservedAddress},   // benchmarking, RFC 2544
	{netip.MustParsePrefix("198.51.100.0/24"), ReservedAddress}, // documentation, RFC 5737
	{netip.MustParsePrefix("203.0.113.0/24"), ReservedAddress},  // documentation, RFC 5737
	{netip.MustParsePrefix("224.0.0.0/4"), ReservedAddress},     // multicast, RFC 5771
	{netip.MustParsePrefix("240.0.0.0/4"), ReservedAddress},     // future use, RFC 1112; broadcast, RFC 8190
	{netip.MustParsePrefix("fc00::/7"), PrivateAddress},         // unique local, RFC 4193
	{netip.MustParsePrefix("fe80::/10"), PrivateAddress},        // link-local, RFC 4291
	{netip.MustParsePrefix("fec0::/10"), PrivateAddress},        // site-local, deprecated by RFC 3879
	{netip.MustParsePrefix("::/128"), ReservedAddress},          // unspecified, RFC 4291
	{netip.MustParsePrefix("::1/128"), ReservedAddress},         // loopback, RFC 4291
	{netip.MustParsePrefix("64:ff9b:1::/48"), ReservedAddress},  // translation, RFC 8215
	{netip.MustParsePrefix("100::/64"), ReservedAddress},        // discard-only, RFC 6666
	{netip.MustParsePrefix("100:0:0:1::/64"), ReservedAddress},  // dummy prefix, RFC 9780
	{netip.MustParsePrefix("2001::/32"), Public},                // Teredo, RFC 4380
	{netip.MustParsePrefix("2001:1::1/128"), Public},            // Port Control Protocol, RFC 7723
	{netip.MustParsePrefix("2001:1::2/128"), Public},            // TURN, RFC 8155
	{netip.MustParsePrefix("2001:1::3/128"), Public},            // service registration, RFC 9665
	{netip.MustParsePrefix("2001:3::/32"), Public},              // multicast tunnelling, RFC 7450
	{netip.MustParsePrefix("2001:4:112::/48"), Public},          // AS112, RFC 7535
	{netip.MustParsePrefix("2001:20::/28"), Public},             // ORCHIDv2, RFC 7343
	{netip.MustParsePrefix("2001:30::/28"), Public},             // drones, RFC 9374
	{netip.MustParsePrefix("2001::/23"), ReservedAddress},       // protocol assignments, RFC 2928
	{netip.MustParsePrefix("2001:db8::/32"), ReservedAddress},   // documentation, RFC 3849
	{netip.MustParsePrefix("3fff::/20"), ReservedAddress},       // documentation, RFC 9637
	{netip.MustParsePrefix("5f00::/16"), ReservedAddress},       // segment routing, RFC 9602
	{netip.MustParsePrefix("ff00::/8"), ReservedAddress},        // multicast, RFC 4291
}

// addressNotPublic returns why an address is none of the internet.
func addressNotPublic(address netip.Addr) NotPublic {
	address = address.Unmap()
	for _, special := range specialAddresses {
		if special.prefix.Contains(address) {
			return special.reason
		}
	}
	return Public
}
