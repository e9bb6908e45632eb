package packet

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Capture reads a file of packets: pcap (draft-ietf-opsawg-pcap) with times in microseconds or
// nanoseconds, or pcapng (draft-ietf-opsawg-pcapng), of either byte order.
type Capture struct {
	source  *bufio.Reader
	order   binary.ByteOrder
	magic   uint32 // 0 in pcapng
	isNano  bool
	link    uint16
	links   []iface // of pcapng
	held    []byte
	packets int
}

// An iface is an interface that packets of a pcapng file were seen at.
type iface struct {
	link   uint16
	second uint64 // how many units of its clock are one
	offset int64  // seconds
	digits uint8
}

// A Packet is one of a Capture.
type Packet struct {
	Number      int // from 1, as Wireshark counts
	Seconds     int64
	Nanoseconds uint32
	Digits      uint8 // of the second, that its clock has
	Link        uint16
	IsCut       bool // less was kept than there was
	Data        []byte
}

// ErrHalf is the end of a file within a packet.
var ErrHalf = errors.New("it ends in the middle")

const (
	longestPacket  = 1 << 20
	mostInterfaces = 1 << 10

	magicMicro   = 0xa1b2c3d4
	magicNano    = 0xa1b23c4d
	magicNG      = 0x0a0d0d0a // of a section header block
	magicOrder   = uint32(0x1a2b3c4d)
	pcapHeader   = 24
	recordHeader = 16
)

// Block types of pcapng.
const (
	blockInterface = 1
	blockPacket    = 2 // old
	blockSimple    = 3
	blockEnhanced  = 6
)

// IsCapture reports whether a file begins like one of packets.
func IsCapture(begin []byte) bool {
	if len(begin) < 4 {
		return false
	}
	_, _, ok := pcapOrder(begin)
	return ok || binary.BigEndian.Uint32(begin) == magicNG
}

// pcapOrder returns the byte order that a pcap file begins with, and whether its times are in
// nanoseconds.
func pcapOrder(begin []byte) (order binary.ByteOrder, isNano, ok bool) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(begin) {
		case magicMicro:
			return order, false, true
		case magicNano:
			return order, true, true
		}
	}
	return nil, false, false
}

// NewCapture returns a Capture.
func NewCapture(source io.Reader) *Capture {
	return &Capture{source: bufio.NewReaderSize(source, 64<<10), order: binary.LittleEndian}
}

// Next returns the next packet, whose data hold until the next call. It returns io.EOF at the end,
// and ErrHalf with its number at an end within a packet.
func (c *Capture) Next() (Packet, error) {
	for {
		p, ok, err := c.next()
		switch {
		case err == io.ErrUnexpectedEOF: // not of what the file is packed in
			return Packet{Number: c.packets + 1}, ErrHalf
		case err != nil || ok:
			return p, err
		}
	}
}

// next reads a header, a block or a packet.
func (c *Capture) next() (p Packet, ok bool, err error) {
	if c.magic == 0 && c.packets == 0 && c.links == nil {
		begin, err := c.source.Peek(4)
		if len(begin) < 4 {
			return p, false, half(err)
		}
		if order, isNano, ok := pcapOrder(begin); ok {
			c.order, c.isNano, c.magic = order, isNano, order.Uint32(begin)
			return p, false, c.readHeader()
		}
		if binary.BigEndian.Uint32(begin) != magicNG {
			return p, false, fmt.Errorf("the first bytes %x are those of no capture", begin)
		}
	}
	if c.magic != 0 {
		return c.nextRecord()
	}
	return c.nextBlock()
}

// half returns the error of an end after which there should be more.
func half(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// read reads n bytes, which hold until the next call.
func (c *Capture) read(n int) ([]byte, error) {
	if cap(c.held) < n {
		c.held = make([]byte, n, max(n, 4<<10))
	}
	c.held = c.held[:n]
	_, err := io.ReadFull(c.source, c.held)
	return c.held, err
}

// readHeader reads the header of a pcap file.
func (c *Capture) readHeader() error {
	header, err := c.read(pcapHeader)
	if err != nil {
		return half(err)
	}
	if c.link = uint16(c.order.Uint32(header[20:])); !isKnownLink(c.link) {
		return fmt.Errorf("the capture's link type %d is not one that can be read", c.link)
	}
	return nil
}

// nextRecord reads a packet of a pcap file.
func (c *Capture) nextRecord() (p Packet, ok bool, err error) {
	if begin, err := c.source.Peek(8); err == nil && c.order.Uint32(begin) == c.magic && c.order.Uint16(begin[4:]) == 2 && c.order.Uint16(begin[6:]) == 4 {
		return p, false, c.readHeader() // one file stands behind another
	}
	header, err := c.read(recordHeader)
	if err != nil {
		return p, false, err
	}
	kept, length := c.order.Uint32(header[8:]), c.order.Uint32(header[12:])
	p = Packet{Number: c.packets + 1, Seconds: int64(c.order.Uint32(header)), Nanoseconds: c.order.Uint32(header[4:]), Digits: 9, Link: c.link, IsCut: kept < length}
	if !c.isNano {
		p.Digits, p.Nanoseconds = 6, p.Nanoseconds%1e6*1000
	}
	p.Nanoseconds %= 1e9
	if kept > longestPacket {
		return p, false, fmt.Errorf("packet %d is said to have %d bytes: the capture is damaged there", p.Number, kept)
	}
	p.Data, err = c.read(int(kept))
	c.packets++
	if err != nil {
		c.packets--
		return p, false, half(err)
	}
	return p, true, nil
}

// nextBlock reads a block of a pcapng file, and returns its packet.
func (c *Capture) nextBlock() (p Packet, ok bool, err error) {
	header, err := c.source.Peek(12)
	if len(header) == 0 {
		return p, false, err
	}
	if len(header) < 12 {
		return p, false, half(err)
	}
	isSection := binary.BigEndian.Uint32(header) == magicNG
	if isSection {
		switch magicOrder {
		case binary.LittleEndian.Uint32(header[8:]):
			c.order = binary.LittleEndian
		case binary.BigEndian.Uint32(header[8:]):
			c.order = binary.BigEndian
		default:
			return p, false, fmt.Errorf("behind packet %d: a section's byte order %x is none", c.packets, header[8:])
		}
		c.links = make([]iface, 0, 1)
	}
	kind, length := c.order.Uint32(header), c.order.Uint32(header[4:])
	if length < 12 || length%4 != 0 || length > longestPacket+1<<10 {
		return p, false, fmt.Errorf("behind packet %d: a block is said to have %d bytes: the capture is damaged there", c.packets, length)
	}
	block, err := c.read(int(length))
	if err != nil {
		return p, false, half(err)
	}
	body := block[8 : len(block)-4]
	switch {
	case isSection:
	case kind == blockInterface && len(body) >= 8:
		if len(c.links) == mostInterfaces {
			return p, false, fmt.Errorf("the capture has more than %d interfaces", mostInterfaces)
		}
		c.links = append(c.links, c.parseInterface(body))
	case kind == blockEnhanced && len(body) >= 20:
		return c.packet(c.order.Uint32(body), body[4:], 20-4)
	case kind == blockPacket && len(body) >= 20:
		return c.packet(uint32(c.order.Uint16(body)), body[4:], 20-4)
	case kind == blockSimple && len(body) >= 4:
		if len(c.links) == 0 {
			return p, false, fmt.Errorf("packet %d is of an interface that the capture does not tell of", c.packets+1)
		}
		length := int(c.order.Uint32(body))
		c.packets++
		p = Packet{Number: c.packets, Link: c.links[0].link, IsCut: length > len(body)-4, Data: body[4:]}
		p.Data = p.Data[:min(length, len(p.Data))]
		return p, true, nil
	}
	return p, false, nil
}

// parseInterface returns what an interface description block says.
func (c *Capture) parseInterface(body []byte) iface {
	const (
		ends       = 0
		resolution = 9
		offset     = 14
	)
	found := iface{link: c.order.Uint16(body), second: 1e6, digits: 6}
	for options := body[8:]; len(options) >= 4; {
		code, length := c.order.Uint16(options), int(c.order.Uint16(options[2:]))
		padded := 4 + (length+3)&^3
		if code == ends || len(options) < padded {
			break
		}
		switch value := options[4:]; {
		case code == resolution && length == 1:
			found.second, found.digits = 1, 0
			power := value[0] & 0x7f
			if value[0]&0x80 != 0 {
				found.second, found.digits = 1<<min(power, 63), 9
				break
			}
			for range min(power, 19) {
				found.second *= 10
			}
			found.digits = min(power, 9)
		case code == offset && length == 8:
			found.offset = int64(c.order.Uint64(value))
		}
		options = options[padded:]
	}
	return found
}

// packet returns the packet of a block in which its time, its lengths and its data follow.
func (c *Capture) packet(index uint32, body []byte, header int) (p Packet, ok bool, err error) {
	if int64(index) >= int64(len(c.links)) {
		return p, false, fmt.Errorf("packet %d is of interface %d, which the capture does not tell of", c.packets+1, index)
	}
	at := c.links[index]
	clock := uint64(c.order.Uint32(body))<<32 | uint64(c.order.Uint32(body[4:]))
	kept, length := c.order.Uint32(body[8:]), c.order.Uint32(body[12:])
	if int64(kept) > int64(len(body)-header) {
		return p, false, fmt.Errorf("packet %d is said to have %d bytes, more than its block: the capture is damaged there", c.packets+1, kept)
	}
	c.packets++
	rest := clock % at.second
	p = Packet{
		Number: c.packets, Seconds: int64(clock/at.second) + at.offset, Digits: at.digits,
		Link: at.link, IsCut: kept < length, Data: body[header : header+int(kept)],
	}
	if at.second <= 1e9 {
		p.Nanoseconds = uint32(rest * 1e9 / at.second)
	} else {
		p.Nanoseconds = uint32(min(float64(rest)/float64(at.second)*1e9, 1e9-1))
	}
	return p, true, nil
}
