package network

// The numbers of TLS that a ClientHello is found by (RFC 8446 sections 4 and 5.1, RFC 6066
// section 3).
const (
	tlsHandshake   = 22
	tlsClientHello = 1
	tlsServerName  = 0
	tlsHostName    = 0
	maxTLSRecord   = 16 << 10
)

// peekSNI finds the server name in a ClientHello, which may span several records. done is
// false while more bytes could tell; a ClientHello without a name, or one that is no
// ClientHello, has an empty name.
func peekSNI(b []byte) (name string, done bool) {
	hello, done := clientHello(b)
	if len(hello) == 0 {
		return "", done
	}
	c := cursor(hello)
	c.skip(2 + 32)    // version, random
	c.skip(c.uint(1)) // session id
	c.skip(c.uint(2)) // cipher suites
	c.skip(c.uint(1)) // compression methods
	extensions := c.vector(2)
	for len(extensions) > 0 {
		kind, body := extensions.uint(2), extensions.vector(2)
		if kind == tlsServerName {
			return serverName(body), true
		}
	}
	return "", true
}

// clientHello puts the handshake message together from its records.
func clientHello(b []byte) (hello []byte, done bool) {
	var message []byte
	for records := cursor(b); len(records) > 0; {
		if records[0] != tlsHandshake {
			return nil, true
		}
		if len(records) < 5 {
			return nil, false
		}
		records.skip(3)
		size := records.uint(2)
		if size == 0 || size > maxTLSRecord {
			return nil, true
		}
		message = append(message, records.upTo(size)...)
		if len(message) > 0 && message[0] != tlsClientHello {
			return nil, true
		}
		head := cursor(message)
		head.skip(1)
		if want := head.uint(3); len(message) >= 4 && (want > maxPeek || len(head) >= want) {
			return head.upTo(want), true
		}
	}
	return nil, false
}

// serverName takes the host name out of the extension's list of names.
func serverName(extension cursor) string {
	names := extension.vector(2)
	for len(names) > 0 {
		kind, name := names.uint(1), names.vector(2)
		if kind == tlsHostName {
			return string(name)
		}
	}
	return ""
}

// cursor reads big-endian numbers and vectors; past the end there are only zeros.
type cursor []byte

func (c *cursor) upTo(n int) cursor {
	n = min(n, len(*c))
	taken := (*c)[:n]
	*c = (*c)[n:]
	return taken
}

func (c *cursor) skip(n int) { c.upTo(n) }

func (c *cursor) uint(bytes int) int {
	n := 0
	for range bytes {
		n <<= 8
		for _, b := range c.upTo(1) {
			n |= int(b)
		}
	}
	return n
}

func (c *cursor) vector(lengthBytes int) cursor { return c.upTo(c.uint(lengthBytes)) }
