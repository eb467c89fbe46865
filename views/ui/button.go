package ui

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
)

// Variant is the weight of a button.
type Variant int

// The variants of a button. A view has at most one Primary.
const (
	Normal     Variant = iota
	Primary            // filled
	LinkStyle          // no border
	IconOnly           // an icon with a Label
	InlineLink         // looks like a link inside text
)

// class is the CSS class list of a button of variant v.
func (v Variant) class() string {
	switch v {
	case Primary:
		return "button button-primary"
	case LinkStyle:
		return "button button-link"
	case IconOnly:
		return "button button-icon"
	case InlineLink:
		return "button button-link button-inline"
	case Normal:
	}
	return "button button-normal"
}

// Needs says which selection of rows an action wants. The zero Needs wants nothing.
type Needs struct {
	Min    int    // rows at least
	Max    int    // rows at most; 0 is any number
	Action string // every selected row must allow it; empty is no further wish
}

// attrs are the data attributes that console.js reads.
func (n Needs) attrs() templ.Attributes {
	a := templ.Attributes{}
	if n == (Needs{}) {
		return a
	}
	a["data-min-sel"] = strconv.Itoa(n.Min)
	if n.Max > 0 {
		a["data-max-sel"] = strconv.Itoa(n.Max)
	}
	if n.Action != "" {
		a["data-action"] = n.Action
	}
	return a
}

// ButtonProps describe a button or, with Href, a link that looks like one. At most one of
// Href, Post, Get and Dialog is set.
type ButtonProps struct {
	Text     string
	Variant  Variant
	Icon     string // before the text
	Href     string
	External bool   // opens a new tab
	Submit   bool   // sends the form it stands in, or Form
	Form     string // id of the form it belongs to
	Post     string // sends Form to this path with POST
	Get      string // sends Form to this path with GET
	Dialog   string // opens ?dialog=Dialog; with Form it carries the selection along
	Name     string
	Value    string
	Label    string // spoken name, needed for IconOnly
	Disabled bool
	Reason   string // why it is disabled
	Needs    Needs
	Attrs    templ.Attributes
}

// target is where a click goes, worked out from the props.
type target struct {
	href   string // not empty: a link
	attrs  templ.Attributes
	submit bool
}

// aim turns the ways to say where a click goes into a link or the attributes of a submit
// button. Buttons and menu items share it.
func aim(ctx context.Context, href, post, get, dialog, form, name, value string) target {
	t := target{href: href, attrs: templ.Attributes{}}
	put := func(key, value string) {
		if value != "" {
			t.attrs[key] = value
		}
	}
	switch {
	case dialog != "" && form == "":
		t.href = DialogURL(ctx, dialog)
		t.attrs["data-dialog"] = true
		return t
	case dialog != "":
		t.submit, name, value = true, "dialog", dialog
		t.attrs["data-dialog"] = true
		put("formmethod", "get")
		put("formaction", PageOf(ctx).Path)
	case post != "":
		t.submit = true
		put("formmethod", "post")
		put("formaction", post)
	case get != "":
		t.submit = true
		put("formmethod", "get")
		put("formaction", get)
	}
	put("form", form)
	put("name", name)
	put("value", value)
	return t
}

func (b ButtonProps) target(ctx context.Context) target {
	return aim(ctx, b.Href, b.Post, b.Get, b.Dialog, b.Form, b.Name, b.Value)
}

// kind is the type attribute: a button that is disabled with a reason stays focusable so
// that the reason can be read, and must then do nothing.
func (b ButtonProps) kind(t target) string {
	if (t.submit || b.Submit) && !b.Disabled {
		return "submit"
	}
	return "button"
}
