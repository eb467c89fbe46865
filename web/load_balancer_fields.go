package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"elbow/engine/elb"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/ui"
)

// editedListeners carries out the listener editor's own buttons without JavaScript.
func editedListeners(f *form) bool { return ui.EditRows(f.Values, "listeners", listenerParts...) }

// typedListeners are the editor's rows as they were typed. A row whose two ports are empty
// is left out, since its protocols are always chosen, unless blank ones are to be shown.
func typedListeners(f *form, blank bool) []views.ListenerRow {
	var rows []views.ListenerRow
	for i := range max(len(f.Values["listener_port"]), len(f.Values["instance_port"])) {
		at := func(field string) string {
			if values := f.Values[field]; i < len(values) {
				text := strings.TrimSpace(values[i])
				f.check(field, text)
				return text
			}
			return ""
		}
		row := views.ListenerRow{
			Protocol: at("protocol"), Port: at("listener_port"),
			InstanceProtocol: at("instance_protocol"), InstancePort: at("instance_port"),
		}
		if blank || row.Port != "" || row.InstancePort != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// readListeners parses the rows. The first thing wrong is returned and stands in its row.
func readListeners(rows []views.ListenerRow) ([]elb.Listener, error) {
	listeners := make([]elb.Listener, 0, len(rows))
	for i := range rows {
		row := &rows[i]
		l := elb.Listener{Protocol: elb.Protocol(row.Protocol), InstanceProtocol: elb.Protocol(row.InstanceProtocol)}
		err := cmpErr(readPort(row.Port, "listener_port", &l.LoadBalancerPort), readPort(row.InstancePort, "instance_port", &l.InstancePort))
		if err == nil {
			err = cmpErr(l.Validate(), twice(listeners, l))
		}
		if e, ok := fault.Of(err); ok {
			row.Fault = e
			return nil, err
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// twice refuses a listener whose port another row has taken already.
func twice(listeners []elb.Listener, l elb.Listener) error {
	same := slices.IndexFunc(listeners, func(o elb.Listener) bool { return o.LoadBalancerPort == l.LoadBalancerPort })
	if same < 0 {
		return nil
	}
	return elb.ValidateListeners([]elb.Listener{listeners[same], l})
}

// readPort parses a port number into p.
func readPort(text, field string, p *uint16) error {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return fault.New(fault.Invalid, "ValidationError", "Enter a whole number from %d to %d, not %q.", 1, 65535, clip(text)).In(field)
	}
	*p = uint16(n)
	return nil
}

// atListener puts a fault of a listener's field into a row, where none has it yet: the
// last one, and a blank one when there is none.
func atListener(rows []views.ListenerRow, e *fault.Error) []views.ListenerRow {
	if !slices.Contains([]string{"listener_port", "instance_protocol", "instance_port"}, e.Field) {
		return rows
	}
	if slices.ContainsFunc(rows, func(r views.ListenerRow) bool { return r.Fault != nil }) {
		return rows
	}
	if len(rows) == 0 {
		rows = []views.ListenerRow{{Protocol: "HTTP", InstanceProtocol: "HTTP"}}
	}
	rows[len(rows)-1].Fault = e
	return rows
}

// typedCheck is the health check as it was typed.
func typedCheck(f *form) views.HealthCheckForm {
	return views.HealthCheckForm{
		Protocol: f.Text("ping_protocol"), Port: f.Text("ping_port"), Path: f.Text("ping_path"),
		Timeout: f.Text("timeout"), Interval: f.Text("interval"),
		UnhealthyThreshold: f.Text("unhealthy_threshold"), HealthyThreshold: f.Text("healthy_threshold"),
	}
}

// readCheck parses a health check, with AWS's ranges, which the engine checks again; a
// path counts only for the protocols that ask for one.
func readCheck(f *form) elb.HealthCheck {
	check := elb.HealthCheck{
		Protocol: elb.Protocol(f.OneOf("ping_protocol", "HTTP", "HTTPS", "TCP", "SSL")),
		Port:     uint16(f.Int("ping_port", 1, 65535)), // the range fits
		Timeout:  time.Duration(f.Int("timeout", 2, 60)) * time.Second, Interval: time.Duration(f.Int("interval", 5, 300)) * time.Second,
		UnhealthyThreshold: f.Int("unhealthy_threshold", 2, 10), HealthyThreshold: f.Int("healthy_threshold", 2, 10),
	}
	if check.Protocol == elb.HTTP || check.Protocol == elb.HTTPS {
		check.Path = f.Text("ping_path")
	}
	if f.Err() == nil {
		if e, ok := fault.Of(check.Validate()); ok {
			f.wrong(e)
		}
	}
	return check
}

// shownCheck writes a health check as the form has it.
func shownCheck(h elb.HealthCheck) views.HealthCheckForm {
	whole := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	return views.HealthCheckForm{
		Protocol: string(h.Protocol), Port: strconv.Itoa(int(h.Port)), Path: h.Path,
		Timeout: whole(h.Timeout), Interval: whole(h.Interval),
		UnhealthyThreshold: strconv.Itoa(h.UnhealthyThreshold), HealthyThreshold: strconv.Itoa(h.HealthyThreshold),
	}
}

// shownListeners writes listeners as the editor's rows.
func shownListeners(listeners []elb.Listener) []views.ListenerRow {
	rows := make([]views.ListenerRow, len(listeners))
	for i, l := range listeners {
		rows[i] = views.ListenerRow{
			Protocol: string(l.Protocol), Port: strconv.Itoa(int(l.LoadBalancerPort)),
			InstanceProtocol: string(l.InstanceProtocol), InstancePort: strconv.Itoa(int(l.InstancePort)),
		}
	}
	return rows
}
