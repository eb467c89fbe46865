package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// asProduct makes the test binary be the product: tests start it as a process of its own.
const asProduct = "ELBOW_TEST_AS_PRODUCT"

func TestMain(m *testing.M) {
	if os.Getenv(asScript) != "" {
		fmt.Fprintln(os.Stderr, "the script ended:", runScript(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
		os.Exit(3)
	}
	if os.Getenv(asProduct) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// nobody is the user id of the unprivileged run.
const nobody = 65534

// startUnprivileged starts the product as a process that may not bind port 80: as nobody
// when the test is root, as the user that runs the test otherwise. It returns the port.
func startUnprivileged(t *testing.T) int {
	t.Helper()
	dir := t.TempDir()
	binary := copyOfMyself(t, dir)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--listen", "127.0.0.1:0", "--data", data, "--speed", strconv.Itoa(speed), "--log-level", "warn")
	cmd.Env = append(os.Environ(), asProduct+"=1", "HOME="+dir, "TMPDIR="+dir)
	cmd.Stderr = t.Output()
	if os.Geteuid() == 0 {
		if err := os.Chown(data, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { endOrderly(t, cmd) })
	return readyPort(t, out)
}

// endOrderly ends the process as a container would, and expects status 0.
func endOrderly(t *testing.T, cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the product ended with %v", err)
	}
}

// copyOfMyself puts the test binary where another user may run it.
func copyOfMyself(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	to := filepath.Join(dir, "elbow")
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

// readyPort waits for the line that says where the console is.
func readyPort(t *testing.T, out io.Reader) int {
	t.Helper()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the product never got ready: %v", err)
	}
	_, address, _ := strings.Cut(strings.TrimSpace(line), ": ")
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatalf("the ready line %q names no port", line)
	}
	return port
}
