package ui

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine/fault"
	"elbow/views/i18n"
)

// Field describes one form field: the label and texts around a control and what ties the
// control to them. The same Field is given to FormField and to the control inside.
type Field struct {
	Name        string // of the form value
	ID          string // empty is "f-" and the name
	Label       string
	Description string // above the control
	Constraint  string // below the control
	Error       string // what is wrong with the value; see FaultAt
	Optional    bool
	Wide        bool // the control may take the whole width
	Info        templ.Component
}

// DOMID is the id of the control.
func (f Field) DOMID() string {
	if f.ID != "" {
		return f.ID
	}
	return "f-" + f.Name
}

// aria ties the control to its texts: what is wrong is read out with the field.
func (f Field) aria() templ.Attributes {
	a := templ.Attributes{}
	var by []string
	if f.Description != "" {
		by = append(by, f.DOMID()+"-description")
	}
	if f.Error != "" {
		by = append(by, f.DOMID()+"-error")
		a["aria-invalid"] = "true"
	}
	if f.Constraint != "" {
		by = append(by, f.DOMID()+"-constraint")
	}
	if len(by) > 0 {
		a["aria-describedby"] = strings.Join(by, " ")
	}
	return a
}

// class of the wrapper.
func (f Field) class() string {
	if f.Wide {
		return "field field-wide"
	}
	return "field"
}

// InputProps describe an input beside what its Field says.
type InputProps struct {
	Value        string
	Type         string // empty is text
	Placeholder  string
	Min, Max     string // of a number
	MaxLength    string // in UTF-16 units, as browsers count
	Required     bool
	ReadOnly     bool
	Disabled     bool
	Autocomplete string
	List         string // id of a datalist
	Error        string // only for BareInput, which has no Field
	Attrs        templ.Attributes
}

// attrs are all optional attributes of the input.
func (p InputProps) attrs() templ.Attributes {
	a := templ.Attributes{
		"required": p.Required,
		"readonly": p.ReadOnly,
		"disabled": p.Disabled,
	}
	for key, value := range map[string]string{
		"placeholder": p.Placeholder, "min": p.Min, "max": p.Max, "maxlength": p.MaxLength,
		"autocomplete": p.Autocomplete, "list": p.List,
	} {
		if value != "" {
			a[key] = value
		}
	}
	return a
}

func (p InputProps) kind() string {
	if p.Type == "" {
		return "text"
	}
	return p.Type
}

// TextareaProps describe a textarea beside what its Field says.
type TextareaProps struct {
	Value       string
	Rows        int // 0 is 3
	Placeholder string
	Mono        bool
	ReadOnly    bool
	Attrs       templ.Attributes
}

// Option is one choice of a select, of radio buttons, tiles or checkboxes.
type Option struct {
	Value       string
	Text        string
	Description string // not shown in a select
	Group       string // heading in a select; options of a group stand together
	Disabled    bool
	Attrs       templ.Attributes // on the option or the input
}

// optionGroup is a run of options under the same heading.
type optionGroup struct {
	label   string
	options []Option
}

// grouped splits options into runs of the same group, in order.
func grouped(options []Option) []optionGroup {
	var groups []optionGroup
	for _, o := range options {
		if n := len(groups); n == 0 || groups[n-1].label != o.Group {
			groups = append(groups, optionGroup{label: o.Group})
		}
		last := &groups[len(groups)-1]
		last.options = append(last.options, o)
	}
	return groups
}

// CheckboxProps describe one checkbox.
type CheckboxProps struct {
	Name        string
	ID          string // empty is "f-", name and value
	Value       string // empty is "on"
	Text        string
	Description string
	Checked     bool
	Disabled    bool
	Attrs       templ.Attributes
}

func (c CheckboxProps) value() string {
	if c.Value == "" {
		return "on"
	}
	return c.Value
}

func (c CheckboxProps) id() string {
	if c.ID != "" {
		return c.ID
	}
	return "f-" + c.Name + "-" + c.value()
}

// FormProps describe a form that is posted.
type FormProps struct {
	ID        string
	Action    string
	Multipart bool
	Fault     *fault.Error // shown on top, unless its Field is among Fields
	Fields    []string     // names of the fields that show their own error
	Hidden    []Hidden
}

// showsFault tells whether f is to be shown on top of a form whose fields show theirs.
func showsFault(f *fault.Error, fields []string) bool {
	return f != nil && (f.Field == "" || !slices.Contains(fields, f.Field))
}

// faultTitle heads the message on top of a form.
func faultTitle(ctx context.Context, f *fault.Error) string {
	if f.Kind == fault.Invalid {
		return i18n.T(ctx, "ui.fault_title")
	}
	return f.Code
}
