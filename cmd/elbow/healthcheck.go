package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// healthcheck asks the product that runs beside it, on the last of its ports, whether it
// answers: status 0 when it does. It is what the container's HEALTHCHECK runs.
func healthcheck(ctx context.Context, listen []string, errs io.Writer) int {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	host, port, _ := net.SplitHostPort(listen[len(listen)-1])
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if err := answers(ctx, net.JoinHostPort(host, port)); err != nil {
		complain(errs, err)
		return 1
	}
	return 0
}

// answers asks on a connection of its own: a proxy that the environment names would answer
// for somebody else.
func answers(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/healthz", nil)
	if err != nil {
		return err
	}
	req.Host = "localhost"
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", addr, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", addr, resp.Status)
	}
	return nil
}
