package ui

import (
	"context"

	"github.com/a-h/templ"
)

// MenuProps describe a button that opens a list of actions.
type MenuProps struct {
	ID      string // unique on the page
	Text    string
	Label   string // spoken name, when Text alone does not say enough
	Icon    string
	Variant Variant
	End     bool // the menu's right edge stands under the button's
	Groups  []MenuGroup
}

// MenuGroup is a run of items under an optional label.
type MenuGroup struct {
	Label string
	Items []MenuItem
}

// MenuItem is one action. At most one of Href, Post, Get and Dialog is set, with the same
// meaning as in ButtonProps.
type MenuItem struct {
	Text     string
	Href     string
	Post     string
	Get      string
	Dialog   string
	Form     string
	Name     string
	Value    string
	External bool
	Current  bool // the chosen one among alternatives
	Disabled bool
	Reason   string // why it is disabled
	Needs    Needs
}

func (m MenuItem) target(ctx context.Context) target {
	return aim(ctx, m.Href, m.Post, m.Get, m.Dialog, m.Form, m.Name, m.Value)
}

// flags are the attributes that say what state the item is in.
func (m MenuItem) flags() templ.Attributes {
	a := templ.Attributes{}
	if m.Disabled {
		a["aria-disabled"] = "true"
		a["title"] = m.Reason
	}
	if m.Current {
		a["aria-current"] = "true"
	}
	if m.External {
		a["target"] = "_blank"
		a["rel"] = "noopener noreferrer"
	}
	return a
}
