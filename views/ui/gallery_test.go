package ui_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a-h/templ"

	"elbow/engine/fault"
	"elbow/static"
	"elbow/views"
	"elbow/views/i18n"
	. "elbow/views/ui"
)

// The gallery is one page with every primitive in every state. It is rendered in both
// languages by the tests below; to look at it in a browser, run
//
//	ELBOW_GALLERY=127.0.0.1:8099 go test -timeout 0 -run TestGalleryInABrowser ./views/ui

// seq renders its parts one after another.
func seq(parts ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// in renders children inside c.
func in(c templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(templ.WithChildren(ctx, seq(children...)), w)
	})
}

// thing is a row of the gallery's tables.
type thing struct {
	id, name, state, zone string
	size                  int
}

func things(n int) []thing {
	var list []thing
	for i := range n {
		states := []string{"running", "pending", "stopped", "stopping", "failed"}
		list = append(list, thing{
			id: fmt.Sprintf("i-%017x", 0x0a1b2c3d4e5f+i*7919), name: fmt.Sprintf("web server %d", i+1),
			state: states[i%len(states)], zone: fmt.Sprintf("ap-northeast-1%c", "acd"[i%3]), size: i * i,
		})
	}
	return list
}

func stateCell(t thing) templ.Component {
	kinds := map[string]StatusKind{"running": StatusSuccess, "pending": StatusPending, "stopping": StatusInProgress, "failed": StatusError}
	return Status(kinds[t.state], strings.ToUpper(t.state[:1])+t.state[1:])
}

func list(id, prefix string) List[thing] {
	return List[thing]{
		ID: id, Prefix: prefix, Selection: SelectMany, Sort: "name",
		Key:  func(t thing) string { return t.id },
		Name: func(t thing) string { return t.name },
		Allow: func(t thing) []string {
			if t.state == "running" {
				return []string{"stop", "terminate"}
			}
			return []string{"terminate"}
		},
		Columns: []Col[thing]{
			{ID: "name", Label: "Name", Text: func(t thing) string { return t.name }, Fixed: true},
			{ID: "id", Label: "Instance ID", Text: func(t thing) string { return t.id }, Cell: func(t thing) templ.Component { return Link("/ec2/instances/"+t.id, t.id) }},
			{ID: "state", Label: "Instance state", Text: func(t thing) string { return t.state }, Cell: stateCell},
			{ID: "zone", Label: "Availability Zone", Text: func(t thing) string { return t.zone }},
			{ID: "size", Label: "Size (bytes)", Numeric: true, Text: func(t thing) string { return fmt.Sprint(t.size) }},
			{ID: "note", Label: "Note", Hidden: true, Unsorted: true, Text: func(thing) string { return "a note" }},
		},
	}
}

// bigTable is the page's main table.
func bigTable(ctx context.Context) templ.Component {
	stop := Needs{Min: 1, Action: "stop"}
	actions := seq(
		Button(ButtonProps{Variant: IconOnly, Icon: "refresh", Label: "Refresh", Href: Here(ctx)}),
		Button(ButtonProps{Text: "Connect", Form: "things-form", Get: "/connect", Needs: Needs{Min: 1, Max: 1}}),
		Menu(MenuProps{ID: "state-menu", Text: "Instance state", Groups: []MenuGroup{{Items: []MenuItem{
			{Text: "Stop instance", Dialog: "stop", Form: "things-form", Needs: stop},
			{Text: "Start instance", Post: "/start", Form: "things-form", Needs: Needs{Min: 1, Action: "start"}},
			{Text: "Hibernate instance", Disabled: true, Reason: "The instance was not launched for hibernation"},
		}}, {Label: "Danger", Items: []MenuItem{
			{Text: "Terminate (delete) instance", Dialog: "stop", Form: "things-form", Needs: Needs{Min: 1, Action: "terminate"}},
		}}}}),
		Menu(MenuProps{ID: "actions-menu", Text: "Actions", End: true, Groups: []MenuGroup{{Items: []MenuItem{{Text: "View details", Href: "/x"}, {Text: "AWS documentation", Href: "https://example.com/", External: true}}}}}),
		Button(ButtonProps{Text: "Launch instances", Variant: Primary, Href: "/launch"}),
	)
	return Table(list("things", "").Table(ctx, things(137)).With(Frame{
		Title: "Instances", Level: 1, Placeholder: "Find Instance by attribute or tag (case-sensitive)",
		Info: in(Info("info-1", "Instances"), Text("A virtual server in the cloud.")), Actions: actions, Live: []string{"instance"},
	}))
}

func smallTable(ctx context.Context, n int, title string) templ.Component {
	l := list("small"+fmt.Sprint(n), "s"+fmt.Sprint(n)+"_")
	l.Selection = SelectOne
	return Table(l.Table(ctx, things(n)).With(Frame{Title: title, Plain: true, Description: "A short list in a frame",
		Empty: in(EmptyState("No instances", "You do not have any instances in this Region."), Button(ButtonProps{Text: "Launch instances", Href: "/launch"}))}))
}

func statuses() templ.Component {
	return seq(in(Columns(4),
		Status(StatusSuccess, "Running"), Status(StatusError, "OutOfService"), Status(StatusWarning, "1/2 checks passed"), Status(StatusInfo, "Info"),
		Status(StatusStopped, "Stopped"), Status(StatusPending, "Pending"), Status(StatusInProgress, "Stopping"), Status(StatusLoading, "Loading instances"),
		Badge(BadgeGrey, "grey"), Badge(BadgeBlue, "Default"), Badge(BadgeGreen, "Free tier eligible"), Badge(BadgeRed, "3"),
		in(StatusPopover("why", StatusError, "OutOfService", "Why is it out of service?"), Text("The security group of the instance does not admit the load balancer on port 80.")),
		in(Popover(PopoverProps{ID: "pop", Text: "Explain", Title: "Title"}), Text("Some text.")), Copyable("web-1234567890.ap-northeast-1.elb.localhost"), ExternalLink("http://web.localhost/", "web.localhost"),
	))
}

func buttons() templ.Component {
	return in(Inline(),
		Button(ButtonProps{Text: "Normal"}), Button(ButtonProps{Text: "Primary", Variant: Primary}), Button(ButtonProps{Text: "Link", Variant: LinkStyle}),
		Button(ButtonProps{Text: "With icon", Icon: "add-plus"}), Button(ButtonProps{Text: "External", Href: "/x", External: true}),
		Button(ButtonProps{Text: "Disabled", Disabled: true}), Button(ButtonProps{Text: "Primary disabled", Variant: Primary, Disabled: true}),
		Button(ButtonProps{Text: "With a reason", Disabled: true, Reason: "Select an instance first"}), Button(ButtonProps{Variant: IconOnly, Icon: "settings", Label: "Settings"}),
		Button(ButtonProps{Text: "Open a dialog", Dialog: "confirm"}), Button(ButtonProps{Text: "inline", Variant: InlineLink}),
	)
}

func pairs() templ.Component {
	return KeyValues(4, []KeyValue{
		{Label: "Instance ID", Value: Text("i-0a1b2c3d4e5f67890"), Copy: "i-0a1b2c3d4e5f67890"}, {Label: "Public IPv4 address", Value: Text("203.0.113.25"), Copy: "203.0.113.25"},
		{Label: "Instance state", Value: Status(StatusSuccess, "Running")}, {Label: "Launch time", Value: Time(time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC))},
		{Label: "VPC ID", Value: Link("/vpc", "vpc-0123456789abcdef0")}, {Label: "Key pair", Value: None()}, {Label: "Command", Value: Mono("curl -s http://127.0.0.1/")}, {Label: "Never", Value: Time(time.Time{})},
	})
}

func alerts() templ.Component {
	return in(Stack(),
		in(Alert(AlertInfo, "Info"), Text("Nothing to do for HTTP.")), in(Alert(AlertSuccess, "Success"), Text("It worked.")),
		in(Alert(AlertWarning, "Rules with source of 0.0.0.0/0 allow all IP addresses to access your instance"), Text("We recommend known IP addresses only.")), in(Alert(AlertError, ""), Text("It did not work.")),
	)
}

func form(ctx context.Context) templ.Component {
	f := fault.New(fault.Invalid, "InvalidParameterValue", "Port %d is not between 1 and 65535.", 65536).In("port")
	name := Field{Name: "name", Label: "Name", Description: "A name that tells what it is for.", Constraint: "Up to 255 characters.", Info: in(Info("info-name", "Name"), Text("Help."))}
	port := Field{Name: "port", Label: "Port", Error: FaultAt(ctx, f, "port")}
	kind := Field{Name: "kind", Label: "Instance type", Optional: true}
	image := Field{Name: "image", Label: "Application and OS images (Amazon Machine Image)", Wide: true}
	group := Field{Name: "group", Label: "Firewall (security groups)"}
	options := []Option{{Value: "t2.micro", Text: "t2.micro", Group: "General purpose"}, {Value: "t3.micro", Text: "t3.micro", Group: "General purpose"}, {Value: "c5.large", Text: "c5.large", Group: "Compute optimized"}}
	tiles := []Option{{Value: "al", Text: "Amazon Linux 2023", Description: "ami-0aaaaaaaaaaaaaaaa"}, {Value: "web", Text: "Amazon Linux with a web server", Description: "httpd is enabled"}, {Value: "x", Text: "Not here", Disabled: true}}
	return in(Form(FormProps{ID: "create", Action: "/create", Fault: f, Fields: []string{"name"}}),
		in(Container(ContainerProps{Title: "Name and tags"}), in(FormField(name), Input(name, InputProps{Value: "web"})), in(FormField(port), Input(port, InputProps{Value: "65536", Type: "number"}))),
		in(Container(ContainerProps{Title: "Choices", Description: "What a form may hold"}),
			in(FormField(kind), Select(kind, "t3.micro", options)),
			in(FormFieldset(image), RadioTiles(image, "web", tiles, 3)),
			in(FormFieldset(group), RadioGroup(group, "new", []Option{{Value: "new", Text: "Create security group", Description: "A new one for this instance"}, {Value: "old", Text: "Select existing security group"}})),
			in(When("group=old"), Checkbox(CheckboxProps{Name: "sg", Value: "sg-1", Text: "launch-wizard-1", Checked: true})),
			in(FormField(Field{Name: "data", Label: "User data", Optional: true, Wide: true}), Textarea(Field{Name: "data"}, TextareaProps{Value: "#!/bin/sh\nyum install -y httpd", Mono: true, Rows: 4})),
			in(FormField(Field{Name: "file", Label: "File"}), File(Field{Name: "file"}, ".pem"))),
		in(Container(ContainerProps{Title: "Inbound security group rules"}), Repeat(RepeatProps{ID: "rules", Add: "Add rule", Rows: []templ.Component{ruleRow("http"), ruleRow("custom")}, Blank: ruleRow("ssh")})),
		in(Expandable(ExpandableProps{Title: "Advanced details", Container: true, Description: "Seldom needed"}), Text("Inside")),
		in(Container(ContainerProps{Title: "Tags"}), TagsEditor([]Tag{{Key: "Name", Value: "web"}, {Key: "課", Value: "開発"}}, "")),
		FormActions("/back", "Create security group"),
	)
}

func ruleRow(kind string) templ.Component {
	return seq(
		BareSelect("rule_type", "Type", kind, []Option{{Value: "http", Text: "HTTP"}, {Value: "ssh", Text: "SSH"}, {Value: "custom", Text: "Custom TCP"}}, nil),
		in(When("rule_type=custom"), BareInput("rule_port", "Port range", InputProps{Value: "8000-8080"})),
		BareInput("rule_source", "Source", InputProps{Value: "0.0.0.0/0", Error: map[string]string{"custom": "CIDR block 0.0.0.0/0 is here twice."}[kind]}),
	)
}

func summary() templ.Component {
	return in(Container(ContainerProps{Title: "Summary"}), KeyValues(1, []KeyValue{
		{Label: "Name", Value: Mirror("name", "-")}, {Label: "Instance type", Value: Mirror("kind", "-")}, {Label: "Image", Value: Mirror("image", "-")}, {Label: "Firewall", Value: Mirror("group", "-")},
	}), Button(ButtonProps{Text: "Launch instance", Variant: Primary, Submit: true, Form: "create"}))
}

// dialogs are the dialogs that the gallery's address may ask for.
func dialogs(ctx context.Context) templ.Component {
	p := PageOf(ctx)
	switch p.Dialog() {
	case "stop":
		var named []templ.Component
		for _, id := range p.Selected() {
			named = append(named, in(Stack(), Mono(id)))
		}
		return in(Modal(ModalProps{ID: "stop", Title: "Stop instances?", Action: "/stop", Submit: "Stop"}), seq(named...))
	case "confirm":
		return in(Modal(ModalProps{ID: "confirm", Title: "Delete load balancer?", Action: "/delete", Submit: "Delete", Confirm: "confirm"}), in(Alert(AlertWarning, ""), Text("This cannot be undone.")))
	case "tell":
		return in(Modal(ModalProps{ID: "tell", Title: "About", Size: ModalSmall}), CodeBlock("curl --resolve web.localhost:8080:127.0.0.1 http://web.localhost:8080/"))
	}
	return seq()
}

// shown tells how often the page was made.
func shown(ctx context.Context) templ.Component {
	n, _ := ctx.Value(showsKey{}).(int64)
	return Text(fmt.Sprintf("shown %d times", n))
}

func gallery(ctx context.Context) templ.Component {
	head := views.Head{Title: "Gallery", Nav: "/ec2/instances", Crumbs: []Crumb{{Text: "EC2", Href: "/ec2/"}, {Text: "Instances", Href: "/ec2/instances"}, {Text: "Gallery"}}}
	tabs := Tabs(TabsProps{Label: "Details", Active: cmp.Or(PageOf(ctx).Query.Get("tab"), "details"), Items: []Tab{{ID: "details", Text: "Details"}, {ID: "status", Text: "Status and alarms"}, {ID: "networking", Text: "Networking"}, {ID: "tags", Text: "Tags"}}})
	parts := []templ.Component{
		bigTable(ctx),
		seq(in(Container(ContainerProps{Title: "Statuses", Counter: "(8)"}), statuses()), in(Container(ContainerProps{Title: "Buttons"}), buttons()),
			in(Container(ContainerProps{Title: "Instance summary", Actions: Button(ButtonProps{Text: "Connect"})}), pairs()),
			in(tabs, in(Container(ContainerProps{Title: "Code"}), CodeBlock("ssh -i key.pem ec2-user@ec2-203-0-113-25.ap-northeast-1.compute.localhost"))),
			alerts(), smallTable(ctx, 3, "Listeners"), smallTable(ctx, 0, "Nothing")),
		in(WithSummary(summary()), form(ctx)),
		in(Live(LiveProps{ID: "live", On: []string{"instance", "load-balancer"}}), in(Expandable(ExpandableProps{Title: "More"}), Text("inside")), shown(ctx)),
	}
	if n, err := strconv.Atoi(PageOf(ctx).Query.Get("part")); err == nil && n < len(parts) {
		parts = parts[n : n+1]
	}
	return in(views.Layout(head), seq(parts...), in(Dialogs(), dialogs(ctx)))
}

// render shows the gallery at the given query.
func render(t testing.TB, lang, mode, query string) string {
	t.Helper()
	var b bytes.Buffer
	ctx := galleryContext(t.Context(), lang, mode, query)
	if err := gallery(ctx).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func galleryContext(ctx context.Context, lang, mode, query string) context.Context {
	q, _ := url.ParseQuery(query)
	return WithPage(i18n.With(ctx, i18n.New(lang)), Page{
		Nonce: "n0nce", Path: "/gallery", Query: q, Region: "ap-northeast-1", AccountID: "123456789012", Mode: mode, Version: "1.0",
		Flashes: []Flash{
			{Kind: FlashSuccess, Title: "Successfully created security group sg-0123", Href: "/x", LinkText: "View"}, {Kind: FlashProgress, Text: "Stopping instance i-0a1b"},
			{Kind: FlashError, Title: "Failed to delete the group", Text: "DependencyViolation: resource sg-0123 has a dependent object."}, {Kind: FlashWarning, Text: "Careful"}, {ID: "x", Kind: FlashInfo, Text: "Note"},
		},
	})
}

var (
	inline  = regexp.MustCompile(`(?i)<[^>]+\s(on\w+|style|hx-on[^=]*)=`)
	id      = regexp.MustCompile(`\sid="([^"]*)"`)
	pointer = regexp.MustCompile(`\s(?:for|popovertarget|aria-controls|form)="([^"]*)"`)
	missing = regexp.MustCompile(`>(?:ui|common)\.[a-z_]+<`)
)

func TestTheGalleryKeepsTheRulesOfEveryPage(t *testing.T) {
	for _, query := range []string{"", "dialog=stop&sel=i-1", "dialog=confirm", "dialog=preferences-things", "q=zzz&sort=size&desc=1", "dialog=tell"} {
		for _, lang := range []string{"en", "ja"} {
			page := render(t, lang, "dark", query)
			name := lang + " ?" + query
			if found := inline.FindString(page); found != "" {
				t.Errorf("%s: the policy would block %s", name, found)
			}
			if found := missing.FindString(page); found != "" {
				t.Errorf("%s: a text is missing: %s", name, found)
			}
			if strings.Count(page, "<script") != strings.Count(page, ` nonce="n0nce"`) {
				t.Errorf("%s: a script has no nonce", name)
			}
			if !strings.Contains(page, `<html lang="`+lang+`" data-mode="dark"`) {
				t.Errorf("%s: language or mode is not on the page", name)
			}
			seen := map[string]bool{}
			for _, m := range id.FindAllStringSubmatch(page, -1) {
				if seen[m[1]] {
					t.Errorf("%s: the id %s stands twice", name, m[1])
				}
				seen[m[1]] = true
			}
			for _, m := range pointer.FindAllStringSubmatch(page, -1) {
				if !seen[m[1]] {
					t.Errorf("%s: %s points at nothing", name, m[0])
				}
			}
		}
	}
}

// galleryServer serves the gallery under the policy of every page, with a stream of
// events: what is sent on events reaches each open page. Reports of the policy's
// violations go to violated.
func galleryServer(events <-chan string, violated func(report string)) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(static.Prefix, static.Handler())
	var shows atomic.Int64
	mux.HandleFunc("GET /gallery", func(w http.ResponseWriter, r *http.Request) {
		ctx := galleryContext(r.Context(), cmp.Or(r.FormValue("lang"), "en"), r.FormValue("mode"), r.URL.RawQuery)
		ctx = context.WithValue(ctx, showsKey{}, shows.Add(1))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-n0nce'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; report-uri /violation")
		_ = gallery(ctx).Render(ctx, w)
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "event: refresh\ndata: all\n\n")
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case noun := <-events:
				fmt.Fprintf(w, "event: %s\ndata: x\n\n", noun)
			}
		}
	})
	mux.HandleFunc("POST /violation", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		violated(string(body))
	})
	return mux
}

// showsKey carries how often the gallery was shown, so that a test sees a region fetched again.
type showsKey struct{}

func TestGalleryInABrowser(t *testing.T) {
	addr := os.Getenv("ELBOW_GALLERY")
	if addr == "" {
		t.Skip("set ELBOW_GALLERY to an address to serve the gallery")
	}
	t.Log("http://" + addr + "/gallery")
	t.Error(http.ListenAndServe(addr, galleryServer(nil, func(report string) { t.Log(report) })))
}
