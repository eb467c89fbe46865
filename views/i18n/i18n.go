// Package i18n turns the ids of the console's texts into English or Japanese.
//
// It owns the catalogs beside it, one pair of files a noun (instances.en.json,
// instances.ja.json), and the translations of what the engine says: *.faults.ja.json for
// errors, looked up by their English format, and *.sentences.ja.json for fixed sentences.
// It never decides which language a person gets beyond Match, and it never fails: an
// unknown id comes back as itself, and a test refuses it before anyone reads it.
// Everything is read once and safe for concurrent use.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"elbow/engine/fault"
)

//go:embed *.json
var files embed.FS

// The languages of the console.
const (
	English  = "en"
	Japanese = "ja"
)

// V carries the named values of a text: i18n.V{"Name": name} fills {{.Name}}.
type V = map[string]any

// Locale is one language with its catalog.
type Locale struct {
	lang      string
	localizer *i18n.Localizer
	faults    map[string]string // English fmt format → this language's; empty for English
	sentences map[string]string
	patterns  func() []pattern // of the faults' messages, compiled once when first asked for
}

// catalog is everything that was embedded, read once.
type catalog map[string]*Locale

var loaded = sync.OnceValue(func() catalog {
	c, err := load(files)
	if err != nil {
		panic("i18n: " + err.Error()) // the catalogs are part of the build; tests read them all
	}
	return c
})

// load reads all catalogs of fsys.
func load(fsys fs.FS) (catalog, error) {
	bundle := i18n.NewBundle(language.English)
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	faults, sentences := map[string]string{}, map[string]string{}
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, "faults.ja.json"):
			err = readPairs(fsys, name, faults)
		case strings.HasSuffix(name, "sentences.ja.json"):
			err = readPairs(fsys, name, sentences)
		default:
			_, err = bundle.LoadMessageFileFS(fsys, name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return catalog{
		English: {lang: English, localizer: i18n.NewLocalizer(bundle, English), patterns: func() []pattern { return nil }},
		Japanese: {lang: Japanese, localizer: i18n.NewLocalizer(bundle, Japanese), faults: faults, sentences: sentences,
			patterns: sync.OnceValue(func() []pattern { return patterns(faults) })},
	}, nil
}

// readPairs adds a flat {"english": "translation"} file to into.
func readPairs(fsys fs.FS, name string, into map[string]string) error {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	var pairs map[string]string
	if err := json.Unmarshal(raw, &pairs); err != nil {
		return err
	}
	maps.Copy(into, pairs)
	return nil
}

// New is the locale of lang, "en" or "ja"; anything else is English.
func New(lang string) *Locale {
	if l, ok := loaded()[lang]; ok {
		return l
	}
	return loaded()[English]
}

type contextKey struct{}

// With returns a context whose texts are in the language of l.
func With(ctx context.Context, l *Locale) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// of is the locale of ctx, English when none was put in.
func of(ctx context.Context) *Locale {
	if l, ok := ctx.Value(contextKey{}).(*Locale); ok {
		return l
	}
	return New(English)
}

// Lang is the language of ctx, "en" or "ja", as an html lang attribute wants it.
func Lang(ctx context.Context) string { return of(ctx).lang }

// maxAcceptLanguage is more bytes than any browser sends; parsing takes longer than linear.
const maxAcceptLanguage = 2048

// Match chooses a language: the person's own choice from a cookie, else the browser's
// Accept-Language (RFC 9110, section 12.5.4), else English.
func Match(cookie, acceptLanguage string) string {
	if cookie == English || cookie == Japanese {
		return cookie
	}
	if len(acceptLanguage) > maxAcceptLanguage {
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return English // a malformed header says nothing about the reader
	}
	_, index, confidence := language.NewMatcher([]language.Tag{language.English, language.Japanese}).Match(tags...)
	if index == 1 && confidence > language.Low {
		return Japanese
	}
	return English
}

// T is the text with this id, its values filled in. The id must be a literal: a test
// looks for every one of them in the catalogs.
func T(ctx context.Context, id string, v ...V) string {
	return of(ctx).text(&i18n.LocalizeConfig{MessageID: id, TemplateData: merge(v)})
}

// N is the text with this id in the plural form for n, which fills {{.Count}}.
func N(ctx context.Context, id string, n int, v ...V) string {
	values := merge(v)
	values["Count"] = n
	return of(ctx).text(&i18n.LocalizeConfig{MessageID: id, PluralCount: n, TemplateData: values})
}

func merge(list []V) V {
	all := V{}
	for _, v := range list {
		maps.Copy(all, v)
	}
	return all
}

func (l *Locale) text(c *i18n.LocalizeConfig) string {
	s, err := l.localizer.Localize(c)
	if err != nil && s == "" {
		return c.MessageID
	}
	return s
}

// Fault is the message of f for a reader: its English format is the key of the
// translation, and what has none stays English.
func Fault(ctx context.Context, f *fault.Error) string {
	if format, ok := of(ctx).faults[f.Format]; ok {
		return fmt.Sprintf(format, f.Args...)
	}
	return f.Message()
}

// Say translates a fixed sentence of the engine, such as the description of a health
// state; one without a translation stays as it is.
func Say(ctx context.Context, english string) string {
	if s, ok := of(ctx).sentences[english]; ok {
		return s
	}
	return english
}
