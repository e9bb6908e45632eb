package allow

import (
	"cmp"
	"net/netip"
	"slices"
)

// networks are sorted by first address, then the larger first: a network stands behind those that
// contain it.
type networks []network

type network struct {
	prefix  netip.Prefix
	parent  int // index of the smallest network that contains it, or -1
	written string
	file    uint16
}

// newNetworks sorts the networks. Of equal ones the first stays.
func newNetworks(read []network) networks {
	slices.SortStableFunc(read, func(a, b network) int {
		return cmp.Or(a.prefix.Addr().Compare(b.prefix.Addr()), cmp.Compare(a.prefix.Bits(), b.prefix.Bits()))
	})
	all := slices.CompactFunc(read, func(a, b network) bool { return a.prefix == b.prefix })
	for i := range all {
		parent := i - 1
		for parent >= 0 && !all[parent].prefix.Contains(all[i].prefix.Addr()) {
			parent = all[parent].parent
		}
		all[i].parent = parent
	}
	return all
}

// find returns the smallest network that contains an address, or nil.
func (n networks) find(address netip.Addr) *network {
	i, found := slices.BinarySearchFunc(n, address, func(n network, address netip.Addr) int {
		return n.prefix.Addr().Compare(address)
	})
	if !found {
		i--
	} else {
		for i+1 < len(n) && n[i+1].prefix.Addr() == address {
			i++
		}
	}
	for i >= 0 && !n[i].prefix.Contains(address) {
		i = n[i].parent
	}
	if i < 0 {
		return nil
	}
	return &n[i]
}
