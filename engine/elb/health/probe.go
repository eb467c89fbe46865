package health

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// UserAgent is how a Classic Load Balancer's probe names itself.
const UserAgent = "ELB-HealthChecker/1.0"

const (
	maxBody    = 1 << 20  // bytes of a body that a probe reads; what comes after is not waited for
	maxHeaders = 64 << 10 // bytes of status line and headers
	maxInterim = 5        // 1xx answers before the final one
)

// Dial opens a connection to the target. It blocks until ctx is done when nobody answers,
// as a packet filter that drops does.
type Dial func(ctx context.Context) (net.Conn, error)

// Probe is how a target is asked. Each Run opens a connection of its own.
type Probe struct {
	Protocol string // HTTP, HTTPS, TCP or SSL
	Host     string // the Host header: the target's address, with its port unless that is the protocol's own
	Path     string // for HTTP and HTTPS
	Dial     Dial
	Timeout  func() time.Duration // of the wall clock, for the whole of a probe
}

// Run asks the target once. TCP passes with a connection, SSL with a handshake, HTTP and
// HTTPS with a complete answer of status 200 exactly; redirects are not followed and
// certificates are not verified (AWS's guide, "Configure health checks").
func (p Probe) Run(ctx context.Context) Result {
	begun, timeout := time.Now(), p.Timeout()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r := p.run(ctx, timeout)
	r.At, r.Duration, r.OK = begun, time.Since(begun), r.Failure == ""
	return r
}

func (p Probe) run(ctx context.Context, timeout time.Duration) Result {
	conn, err := p.Dial(ctx)
	if err != nil {
		return failed(err, "connecting", timeout, Refused)
	}
	defer conn.Close()
	// A done context ends reads and writes too, deadline or not.
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if p.Protocol == "HTTPS" || p.Protocol == "SSL" {
		secured := tls.Client(conn, &tls.Config{
			InsecureSkipVerify: true, // AWS's probes accept any certificate
			MinVersion:         tls.VersionTLS10,
		})
		if err := secured.HandshakeContext(ctx); err != nil {
			return handshakeFailed(err, timeout)
		}
		conn = secured
	}
	if p.Protocol == "TCP" || p.Protocol == "SSL" {
		return Result{Detail: "connected"}
	}
	return p.ask(conn, timeout)
}

// handshakeFailed keeps silence apart from a handshake that went wrong.
func handshakeFailed(err error, timeout time.Duration) Result {
	r := failed(err, "TLS handshake", timeout, TLS)
	if r.Failure != Timeout {
		r.Failure = TLS
	}
	return r
}

// ask sends the request and judges the answer.
func (p Probe) ask(conn net.Conn, timeout time.Duration) Result {
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		p.Path, p.Host, UserAgent)
	if err != nil {
		return failed(err, "sending the request", timeout, Reset)
	}
	resp, err := readResponse(conn)
	if err != nil {
		return failed(err, "reading the answer", timeout, Malformed)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Result{Status: resp.StatusCode, Failure: Status, Detail: oneLine(fmt.Sprintf("GET %s answered %s", p.Path, resp.Status))}
	}
	n, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	if err == nil && n > 0 && resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 {
		err = errNoLength
	}
	if err != nil {
		r := failed(err, "reading the body", timeout, Malformed)
		if r.Failure == Reset {
			r.Failure = Malformed // the status came; it is the answer that is not whole
		}
		r.Status = resp.StatusCode
		return r
	}
	return Result{Status: resp.StatusCode, Detail: oneLine(fmt.Sprintf("GET %s answered %s", p.Path, resp.Status))}
}

// errNoLength: AWS's guide asks for one of the two when there is a body.
var errNoLength = errors.New("the body has neither a Content-Length nor chunked encoding")

// readResponse reads the final answer's head, past interim ones.
func readResponse(conn net.Conn) (*http.Response, error) {
	head := &io.LimitedReader{R: conn, N: maxHeaders}
	br := bufio.NewReader(head)
	for range maxInterim {
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			if head.N <= 0 {
				err = fmt.Errorf("the headers are longer than %d bytes", maxHeaders)
			}
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			head.N = maxBody + maxHeaders // the rest is the body's
			return resp, nil
		}
	}
	return nil, errors.New("only interim answers came")
}
