package web

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// formTo is the form that is posted to the path.
func formTo(doc *html.Node, path string) *html.Node {
	if doc == nil {
		return nil
	}
	for n := range elements(doc) {
		action, _, _ := strings.Cut(attr(n, "action"), "?")
		if n.Data == "form" && action == path {
			return n
		}
	}
	return nil
}

// controls are the values that the form would send, by field.
func controls(form *html.Node) url.Values {
	v := url.Values{}
	name := ""
	for n := range elements(form) {
		switch n.Data {
		case "input":
			if kind := attr(n, "type"); kind != "radio" && kind != "checkbox" || has(n, "checked") {
				v.Add(attr(n, "name"), attr(n, "value"))
			}
		case "textarea":
			text := ""
			if n.FirstChild != nil {
				text = n.FirstChild.Data
			}
			v.Add(attr(n, "name"), text)
		case "select":
			name = attr(n, "name")
		case "option":
			if has(n, "selected") {
				v.Add(name, attr(n, "value"))
			}
		}
	}
	return v
}

// typed reports whether the field is one that a person types into.
func typed(form *html.Node, field string) bool {
	for n := range elements(form) {
		kind := attr(n, "type")
		if attr(n, "name") == field && (n.Data == "textarea" || n.Data == "input" && (kind == "" || kind == "text" || kind == "number")) {
			return true
		}
	}
	return false
}

// messageAt reports whether the field's control, or its group of controls, is said to be
// wrong; the tags have one message for all their rows.
func messageAt(form *html.Node, field string) bool {
	for n := range elements(form) {
		if attr(n, "name") != field {
			continue
		}
		if attr(n, "aria-invalid") == "true" {
			return true
		}
		for up := n.Parent; up != nil && up != form; up = up.Parent {
			if attr(up, "aria-invalid") == "true" || up.Data == "label" && contains(up, "field-error") {
				return true
			}
		}
	}
	return strings.HasPrefix(field, "tag_") && contains(form, "field-error")
}

// told reports whether the page has a message anywhere.
func told(doc *html.Node) bool {
	return contains(doc, "alert-error") || contains(doc, "alert-warning") || contains(doc, "field-error")
}

func contains(n *html.Node, class string) bool {
	for child := range elements(n) {
		if hasClass(child, class) {
			return true
		}
	}
	return false
}

func complaints(form *html.Node) string {
	var all []string
	for n := range elements(form) {
		if hasClass(n, "field-error") || hasClass(n, "alert-error") {
			all = append(all, textOf(n))
		}
	}
	return fmt.Sprintf("%.300q", all)
}
