package web

import (
	"cmp"
	"io"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesKeyPairs registers the pages about key pairs.
func (s *Server) routesKeyPairs(g *echo.Group) {
	g.GET("/ec2/key-pairs", s.listKeyPairs)
	g.GET("/ec2/key-pairs/create", s.newKeyPair)
	g.POST("/ec2/key-pairs/create", s.createKeyPair)
	g.GET("/ec2/key-pairs/import", s.newKeyPairImport)
	g.POST("/ec2/key-pairs/import", s.importKeyPair)
	g.POST("/ec2/key-pairs/tags", s.keyPairTags)
	g.POST("/ec2/key-pairs/delete", s.deleteKeyPairs)
}

func (s *Server) listKeyPairs(c echo.Context) error {
	keys, err := s.engine.DescribeKeyPairs(c.Request().Context())
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.KeyPairsPage(keys, c.QueryParams()["sel"]))
}

func (s *Server) newKeyPair(c echo.Context) error {
	return s.page(c, http.StatusOK, views.KeyPairCreatePage(views.KeyPairForm{Type: "rsa", Format: "pem"}))
}

// createKeyPair answers with the page that offers the private key, once: nothing keeps it,
// and asking again is a duplicate name.
func (s *Server) createKeyPair(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := keyPairForm(f)
	if ui.EditRows(f.Values, "tags", "tag_key", "tag_value") {
		form.Tags = typedTags(f)
		return s.page(c, http.StatusOK, views.KeyPairCreatePage(form))
	}
	show := func(e *fault.Error) templ.Component { form.Fault = e; return views.KeyPairCreatePage(form) }
	in := engine.CreateKeyPairInput{Name: form.Name, Type: form.Type, Format: form.Format, Tags: f.Tags()}
	if err := f.Err(); err != nil {
		return s.formError(c, err, show)
	}
	key, err := s.engine.CreateKeyPair(ctx, in)
	if err != nil {
		return s.formError(c, err, show)
	}
	return s.page(c, http.StatusOK, views.KeyPairCreatedPage(key))
}

func (s *Server) newKeyPairImport(c echo.Context) error {
	return s.page(c, http.StatusOK, views.KeyPairImportPage(views.KeyPairForm{}))
}

func (s *Server) importKeyPair(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := keyPairForm(f)
	form.PublicKey = cmp.Or(f.Lines("public_key"), uploadedText(c, "public_key_file"))
	if ui.EditRows(f.Values, "tags", "tag_key", "tag_value") {
		form.Tags = typedTags(f)
		return s.page(c, http.StatusOK, views.KeyPairImportPage(form))
	}
	show := func(e *fault.Error) templ.Component { form.Fault = e; return views.KeyPairImportPage(form) }
	in := engine.ImportKeyPairInput{Name: form.Name, PublicKey: form.PublicKey, Tags: f.Tags()}
	if err := f.Err(); err != nil {
		return s.formError(c, err, show)
	}
	key, err := s.engine.ImportKeyPair(ctx, in)
	if err != nil {
		return s.formError(c, err, show)
	}
	return s.done(c, "/ec2/key-pairs", ui.Flash{Title: i18n.T(ctx, "key_pairs.imported", i18n.V{"Name": key.Name})})
}

// uploadedText is the start of an uploaded file: no public key is longer than 64 KiB.
func uploadedText(c echo.Context, field string) string {
	header, err := c.FormFile(field)
	if err != nil {
		return ""
	}
	file, err := header.Open()
	if err != nil {
		return ""
	}
	defer file.Close()
	text, _ := io.ReadAll(io.LimitReader(file, 64<<10))
	return string(text)
}

func keyPairForm(f *form) views.KeyPairForm {
	return views.KeyPairForm{Name: f.Text("name"), Type: f.Text("type"), Format: f.Text("format"), Tags: typedTags(f)}
}

// typedTags are the rows of the tags editor as they were typed.
func typedTags(f *form) []ui.Tag {
	var tags []ui.Tag
	for i, key := range f.Values["tag_key"] {
		tag := ui.Tag{Key: key}
		if values := f.Values["tag_value"]; i < len(values) {
			tag.Value = values[i]
		}
		tags = append(tags, tag)
	}
	return tags
}

// keyPairTags goes to the tags of the selected key pair.
func (s *Server) keyPairTags(c echo.Context) error {
	f, err := s.form(c)
	if err != nil {
		return err
	}
	if names := f.Many("sel"); len(names) == 1 {
		return s.see(c, views.TagsPath("key-pair", names[0]))
	}
	return s.see(c, "/ec2/key-pairs")
}

func (s *Server) deleteKeyPairs(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	if f.Text("confirm") != "delete" {
		return s.refused(c, fault.New(fault.Invalid, "ValidationError", "To confirm, type %q.", "delete"), "/ec2/key-pairs", i18n.T(ctx, "key_pairs.delete"))
	}
	return s.each(c, f.Many("id"), "/ec2/key-pairs", i18n.T(ctx, "key_pairs.delete"), func(name string) error {
		return s.engine.DeleteKeyPair(ctx, name)
	}, func(n int, names string) string {
		return i18n.N(ctx, "key_pairs.deleted", n, i18n.V{"IDs": names})
	})
}
