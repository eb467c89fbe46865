package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// options are the flags, each also read from the environment as ELBOW_NAME.
type options struct {
	listen   []string
	hosts    []string
	data     string
	domain   string
	region   string
	ports    string
	speed    float64
	logLevel slog.Level
	version  bool
}

// list is a flag that may be given several times, or once with commas.
type list struct{ values *[]string }

// String joins the values with commas.
func (l list) String() string {
	if l.values == nil {
		return ""
	}
	return strings.Join(*l.values, ",")
}

// Set adds the values of one use of the flag.
func (l list) Set(text string) error {
	for v := range strings.SplitSeq(text, ",") {
		if v = strings.TrimSpace(v); v != "" {
			*l.values = append(*l.values, v)
		}
	}
	return nil
}

// parseOptions reads the flags, and the environment for those not given.
func parseOptions(args []string, env func(string) string, errs io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("elbow", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Var(list{&o.listen}, "listen", "address to serve on, several allowed (default :8080)")
	set.StringVar(&o.data, "data", defaultData(env), "directory for the database and the machines")
	set.Var(list{&o.hosts}, "host", "extra name that the console answers to, several allowed")
	set.StringVar(&o.domain, "domain", "localhost", "what public names end in")
	set.StringVar(&o.region, "region", "ap-northeast-1", "the Region")
	set.StringVar(&o.ports, "ports", "20000-20099", "host ports for listeners without a Host")
	set.Float64Var(&o.speed, "speed", 1, "how much faster than the wall clock the cloud's own waits run")
	set.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "debug, info, warn or error")
	set.BoolVar(&o.version, "version", false, "print the version and exit")
	err := set.Parse(args)
	if err == flag.ErrHelp {
		set.SetOutput(errs)
		fmt.Fprintln(errs, "Usage: elbow [serve | check | healthcheck] [flags]")
		set.PrintDefaults()
	}
	if err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q; see elbow --help", set.Arg(0))
	}
	if err := fromEnv(set, env); err != nil {
		return o, err
	}
	if len(o.listen) == 0 {
		o.listen = []string{":8080"}
	}
	return o, o.validate()
}

// fromEnv sets each flag that was not given from ELBOW_NAME, where that is set.
func fromEnv(set *flag.FlagSet, env func(string) string) error {
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var failed error
	set.VisitAll(func(f *flag.Flag) {
		name := "ELBOW_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := env(name)
		if given[f.Name] || value == "" || failed != nil {
			return
		}
		if err := set.Set(f.Name, value); err != nil {
			failed = fmt.Errorf("invalid value %q for %s: %w", value, name, err)
		}
	})
	return failed
}

var (
	regionShape = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	nameShape   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)
)

func (o options) validate() error {
	for _, addr := range o.listen {
		if err := validAddr(addr); err != nil {
			return err
		}
	}
	for _, host := range o.hosts {
		if !validName(host) {
			return fmt.Errorf("invalid --host %q: want a host name, such as elbow.test", host)
		}
	}
	if !validName(o.domain) {
		return fmt.Errorf("invalid --domain %q: want a host name, such as localhost", o.domain)
	}
	if !regionShape.MatchString(o.region) {
		return fmt.Errorf("invalid --region %q: want one like ap-northeast-1", o.region)
	}
	if !(o.speed > 0) || o.speed > 10_000 {
		return fmt.Errorf("invalid --speed %v: want a number above 0 and at most 10000", o.speed)
	}
	if o.data == "" {
		return fmt.Errorf("no data directory: give --data")
	}
	return validPorts(o.ports)
}

func validName(host string) bool { return len(host) <= 253 && nameShape.MatchString(host) }

func validAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("invalid --listen %q: want [HOST]:PORT", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("invalid --listen %q: port %q is not between 0 and 65535", addr, port)
	}
	return nil
}

func validPorts(text string) error {
	from, to, ok := strings.Cut(text, "-")
	first, err1 := strconv.ParseUint(from, 10, 16)
	last, err2 := strconv.ParseUint(to, 10, 16)
	if !ok || err1 != nil || err2 != nil || first == 0 || first > last {
		return fmt.Errorf("invalid --ports %q: want FIRST-LAST, such as 20000-20099", text)
	}
	return nil
}

// defaultData is the user's state directory, by the XDG base directory specification.
func defaultData(env func(string) string) string {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "elbow")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "elbow")
	}
	return ""
}

func (o options) config(log *slog.Logger) config {
	return config{
		Listen: o.listen, Hosts: o.hosts, Data: o.data, Domain: o.domain, Region: o.region,
		Ports: o.ports, Speed: o.speed, Log: log,
	}
}
