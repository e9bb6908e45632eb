package packet

import (
	"encoding/binary"
	"net/netip"
)

// A Segment is what one packet carries for the programs at its ends.
type Segment struct {
	Source, Destination netip.AddrPort
	IsTCP               bool // else UDP
	Sequence            uint32
	Begins, Resets      bool // TCP's flags SYN and RST
	Missing             int  // bytes of the payload that were not kept
	Payload             []byte
}

// LINKTYPE values of https://www.tcpdump.org/linktypes.html.
const (
	linkNull     = 0
	linkEthernet = 1
	linkRaw      = 101
	linkLoop     = 108
	linkLinux    = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkLinux2   = 276
)

// isKnownLink reports whether packets with these headers can be read. DLT_RAW has other numbers in
// files of some systems.
func isKnownLink(link uint16) bool {
	switch link {
	case linkNull, linkEthernet, 12, 14, linkRaw, linkLoop, linkLinux, linkIPv4, linkIPv6, linkLinux2:
		return true
	}
	return false
}

// Protocols of IEEE 802, as Ethernet and Linux name them.
const (
	etherIPv4    = 0x0800
	etherIPv6    = 0x86dd
	etherVLAN    = 0x8100
	etherQinQ    = 0x88a8
	etherOldQ    = 0x9100
	etherMPLS    = 0x8847
	etherPPPoE   = 0x8864
	etherBridged = 0x6558 // Ethernet itself, in GRE
	pppIPv4      = 0x0021
	pppIPv6      = 0x0057
	mostTunnels  = 4
)

// Segment returns what a packet carries, if it is over UDP or TCP. Of a fragmented one the first
// fragment carries all there is.
func (p Packet) Segment() (Segment, bool) {
	var s Segment
	ok := s.readLink(p.Link, p.Data)
	return s, ok
}

// readLink reads what the header of the link layer stands before.
func (s *Segment) readLink(link uint16, data []byte) bool {
	header, at := 0, 0 // its length, and where the protocol stands
	switch link {
	case linkEthernet:
		header, at = 14, 12
	case linkLinux:
		header, at = 16, 14
	case linkLinux2:
		header, at = 20, 0
	case linkNull, linkLoop:
		header = 4
	}
	if len(data) < header {
		return false
	}
	if header < 14 { // the version of IP says which it is
		return s.readIP(data[header:], 0)
	}
	return s.readEther(binary.BigEndian.Uint16(data[at:]), data[header:], 0)
}

// readEther reads what a protocol of IEEE 802 carries.
func (s *Segment) readEther(protocol uint16, data []byte, depth int) bool {
	for range 2 * mostTunnels {
		switch {
		case protocol == etherIPv4 || protocol == etherIPv6:
			return s.readIP(data, depth)
		case (protocol == etherVLAN || protocol == etherQinQ || protocol == etherOldQ) && len(data) >= 4:
			protocol, data = binary.BigEndian.Uint16(data[2:]), data[4:]
		case protocol == etherPPPoE && len(data) >= 8:
			ppp := binary.BigEndian.Uint16(data[6:])
			return (ppp == pppIPv4 || ppp == pppIPv6) && s.readIP(data[8:], depth)
		case protocol == etherBridged && len(data) >= 14:
			protocol, data = binary.BigEndian.Uint16(data[12:]), data[14:]
		case protocol == etherMPLS && len(data) >= 4:
			if isLast := data[2]&1 == 1; isLast {
				protocol = etherIPv4
			}
			data = data[4:]
		default:
			return false
		}
	}
	return false
}

// Protocols of IP.
const (
	ipHopByHop    = 0
	ipInIP        = 4
	ipTCP         = 6
	ipUDP         = 17
	ipIPv6        = 41
	ipRouting     = 43
	ipFragment    = 44
	ipGRE         = 47
	ipAH          = 51
	ipDestination = 60
)

// readIP reads a packet of IPv4 (RFC 791) or IPv6 (RFC 8200).
func (s *Segment) readIP(data []byte, depth int) bool {
	if len(data) < 20 || depth > mostTunnels {
		return false
	}
	var protocol byte
	var from, to netip.Addr
	switch data[0] >> 4 {
	case 4:
		header, total := int(data[0]&0xf)*4, int(binary.BigEndian.Uint16(data[2:]))
		if isLater := binary.BigEndian.Uint16(data[6:])&0x1fff != 0; isLater || header < 20 || len(data) < header || total > 0 && total < header {
			return false
		}
		data = s.cut(data, total)
		protocol = data[9]
		from, to = netip.AddrFrom4([4]byte(data[12:])), netip.AddrFrom4([4]byte(data[16:]))
		data = data[header:]
	case 6:
		const header = 40
		if len(data) < header {
			return false
		}
		if length := int(binary.BigEndian.Uint16(data[4:])); length > 0 {
			data = s.cut(data, header+length)
		}
		protocol = data[6]
		from, to = netip.AddrFrom16([16]byte(data[8:])), netip.AddrFrom16([16]byte(data[24:]))
		var ok bool
		if protocol, data, ok = skipExtensions(protocol, data[header:]); !ok {
			return false
		}
	default:
		return false
	}
	switch protocol {
	case ipUDP, ipTCP:
		return s.readPorts(protocol == ipTCP, from, to, data)
	case ipInIP, ipIPv6:
		return s.readIP(data, depth+1)
	case ipGRE:
		return s.readGRE(data, depth+1)
	}
	return false
}

// readGRE reads what GRE (RFC 2784, RFC 2890) carries.
func (s *Segment) readGRE(data []byte, depth int) bool {
	const (
		checksum = 0x8000
		key      = 0x2000
		sequence = 0x1000
		others   = 0x4fff &^ 0x0ff8 // routing, and the version
	)
	if len(data) < 4 {
		return false
	}
	flags, header := binary.BigEndian.Uint16(data), 4
	for _, flag := range [...]uint16{checksum, key, sequence} {
		if flags&flag != 0 {
			header += 4
		}
	}
	if flags&others != 0 || len(data) < header {
		return false
	}
	return s.readEther(binary.BigEndian.Uint16(data[2:]), data[header:], depth)
}

// cut returns what a packet has of its length, behind which is what fills the frame. Where cards of
// the network divide packets, the length may be 0.
func (s *Segment) cut(data []byte, length int) []byte {
	switch {
	case length == 0:
	case length < len(data):
		return data[:length]
	default:
		s.Missing = length - len(data)
	}
	return data
}

// skipExtensions returns what stands behind the extension headers of IPv6.
func skipExtensions(protocol byte, data []byte) (byte, []byte, bool) {
	for {
		length := 0
		switch protocol {
		case ipHopByHop, ipRouting, ipDestination:
			if len(data) >= 2 {
				length = 8 + int(data[1])*8
			}
		case ipFragment:
			if len(data) >= 8 && binary.BigEndian.Uint16(data[2:])&0xfff8 == 0 {
				length = 8
			}
		case ipAH:
			if len(data) >= 2 {
				length = 8 + int(data[1])*4
			}
		default:
			return protocol, data, true
		}
		if length == 0 || len(data) < length {
			return 0, nil, false
		}
		protocol, data = data[0], data[length:]
	}
}

// readPorts reads what UDP (RFC 768) or TCP (RFC 9293) carries.
func (s *Segment) readPorts(isTCP bool, from, to netip.Addr, data []byte) bool {
	header := 8
	if isTCP {
		if len(data) < 20 {
			return false
		}
		header = int(data[12]>>4) * 4
		if header < 20 {
			return false
		}
		s.IsTCP, s.Sequence, s.Begins, s.Resets = true, binary.BigEndian.Uint32(data[4:]), data[13]&2 != 0, data[13]&4 != 0
	}
	if len(data) < header {
		return false
	}
	s.Source = netip.AddrPortFrom(from, binary.BigEndian.Uint16(data))
	s.Destination = netip.AddrPortFrom(to, binary.BigEndian.Uint16(data[2:]))
	if length := int(binary.BigEndian.Uint16(data[4:])); !isTCP && length >= header {
		data = s.cut(data, length)
	}
	s.Payload = data[header:]
	return true
}
