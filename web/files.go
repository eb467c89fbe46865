package web

import (
	"cmp"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// maxEdited is the largest text file, in bytes, that is edited in place.
const maxEdited = 1 << 20

// routesFiles registers the file browser of an instance.
func (s *Server) routesFiles(g *echo.Group) {
	files := "/ec2/instances/:id/files"
	g.GET(files+"/edit", s.editFile)
	g.POST(files+"/save", s.saveFile)
	g.GET(files+"/download", s.downloadFile)
	g.GET(files+"/upload", s.newUpload)
	g.POST(files+"/upload", s.uploadFiles)
	g.GET(files+"/new", s.newFile)
	g.POST(files+"/new", s.makeFile)
	g.POST(files+"/rename-page", s.askRename)
	g.POST(files+"/rename", s.renameFile)
	g.POST(files+"/delete-page", s.askDelete)
	g.POST(files+"/delete", s.deleteFiles)
}

// filesTab is the Files tab; an instance that cannot be looked into says why.
func (s *Server) filesTab(c echo.Context, in engine.InstanceDescription) (templ.Component, error) {
	v := views.FilesView{InstanceID: in.ID, Path: cleanPath(c.QueryParam("path"))}
	files, err := s.engine.Files(c.Request().Context(), in.ID, v.Path)
	f, refused := fault.Of(err)
	if err != nil && !refused {
		return nil, err
	}
	v.Files, v.Refused = files, f
	return views.FilesTab(v), nil
}

// cleanPath is an absolute path inside an instance, without dots.
func cleanPath(text string) string { return path.Clean("/" + text) }

// editFile opens a file: small text in the editor, anything else as a description.
func (s *Server) editFile(c echo.Context) error {
	ctx := c.Request().Context()
	id, at := c.Param("id"), cleanPath(c.QueryParam("path"))
	file, info, err := s.engine.OpenFile(ctx, id, at)
	if err != nil {
		return s.refused(c, err, views.FilesIn(id, path.Dir(at)), i18n.T(ctx, "files.refused", i18n.V{"Path": at}))
	}
	defer file.Close()
	if info.Size > maxEdited {
		return s.page(c, http.StatusOK, views.FilePage(id, info, i18n.T(ctx, "files.too_large")))
	}
	text, err := io.ReadAll(io.LimitReader(file, maxEdited+1))
	if err != nil {
		return err
	}
	if !utf8.Valid(text) || strings.ContainsRune(string(text), 0) {
		return s.page(c, http.StatusOK, views.FilePage(id, info, i18n.T(ctx, "files.not_text")))
	}
	return s.page(c, http.StatusOK, views.FileEditPage(views.EditForm{InstanceID: id, Path: at, Text: string(text), ETag: info.ETag, Size: info.Size}))
}

// saveFile writes what was typed, unless the file has changed since it was opened: then
// the editor comes back with every word kept.
func (s *Server) saveFile(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := views.EditForm{InstanceID: c.Param("id"), Path: cleanPath(f.Text("path")), Text: f.Lines("text"), ETag: f.Text("etag")}
	opened := cmp.Or(form.ETag, "none") // a form that does not say what it was built from overwrites nothing
	show := func(e *fault.Error) templ.Component { form.Fault = e; return views.FileEditPage(form) }
	if len(form.Text) > maxEdited {
		f.wrong(fault.New(fault.Invalid, "ValidationError", "The text is %d bytes long; at most %d can be edited here. Upload it instead.", len(form.Text), maxEdited).In("text"))
	}
	if err = f.Err(); err == nil {
		err = s.engine.WriteFile(ctx, form.InstanceID, form.Path, strings.NewReader(form.Text), opened)
	}
	if err != nil {
		return s.formError(c, err, show)
	}
	return s.done(c, views.FilesIn(form.InstanceID, path.Dir(form.Path)), ui.Flash{Title: i18n.T(ctx, "files.saved", i18n.V{"Path": form.Path})})
}

// downloadFile sends a file as an attachment: nothing of an instance is ever rendered on
// the console's own site.
func (s *Server) downloadFile(c echo.Context) error {
	ctx := c.Request().Context()
	id, at := c.Param("id"), cleanPath(c.QueryParam("path"))
	file, info, err := s.engine.OpenFile(ctx, id, at)
	if err != nil {
		return s.refused(c, err, views.FilesIn(id, path.Dir(at)), i18n.T(ctx, "files.refused", i18n.V{"Path": at}))
	}
	defer file.Close()
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": info.Name}))
	h.Set("Cache-Control", "no-store")
	http.ServeContent(c.Response(), c.Request(), "", info.ModTime, file)
	return nil
}

func (s *Server) newUpload(c echo.Context) error {
	return s.page(c, http.StatusOK, views.FileUploadPage(c.Param("id"), cleanPath(c.QueryParam("path")), nil))
}

// uploadFiles streams each file of the form to the instance; the directory is in the
// address, so that it is known before the first byte.
func (s *Server) uploadFiles(c echo.Context) error {
	ctx := c.Request().Context()
	id, dir := c.Param("id"), cleanPath(c.QueryParam("path"))
	names, err := s.receive(c, id, dir)
	if err == nil && len(names) == 0 {
		err = fault.New(fault.Invalid, "MissingParameter", "Choose at least one file.").In("files")
	}
	if err != nil {
		return s.formError(c, err, func(e *fault.Error) templ.Component { return views.FileUploadPage(id, dir, e) })
	}
	return s.done(c, views.FilesIn(id, dir), ui.Flash{Title: i18n.T(ctx, "files.uploaded", i18n.V{"Names": strings.Join(names, ", ")})})
}

func (s *Server) receive(c echo.Context, id, dir string) ([]string, error) {
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return nil, fault.New(fault.Invalid, "MissingParameter", "Choose at least one file.").In("files")
	}
	var names []string
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		name := part.FileName()
		if part.FormName() != "files" || name == "" {
			continue
		}
		if err := s.engine.WriteFile(c.Request().Context(), id, path.Join(dir, path.Base("/"+name)), part, ""); err != nil {
			return names, err
		}
		names = append(names, name)
	}
}

func (s *Server) newFile(c echo.Context) error {
	form := views.NameForm{InstanceID: c.Param("id"), Dir: cleanPath(c.QueryParam("path")), Kind: c.QueryParam("kind")}
	return s.page(c, http.StatusOK, views.FileNamePage(form))
}

// nameForm reads the form that gives a name; a name is one part of a path.
func (s *Server) nameForm(c echo.Context) (form views.NameForm, at string, f *form, err error) {
	f, err = s.form(c)
	if err != nil {
		return form, "", nil, err
	}
	form = views.NameForm{InstanceID: c.Param("id"), Dir: cleanPath(f.Text("dir")), Kind: f.Text("kind"), From: f.Text("from"), Name: f.Text("name")}
	if form.Name == "" || form.Name == "." || form.Name == ".." || strings.Contains(form.Name, "/") || len(form.Name) > 255 {
		f.wrong(fault.New(fault.Invalid, "ValidationError", "%q is not a file name: give 1 to 255 characters without a slash.", clip(form.Name)).In("name"))
	}
	return form, path.Join(form.Dir, form.Name), f, nil
}

// makeFile makes a folder, or an empty file and opens it in the editor.
func (s *Server) makeFile(c echo.Context) error {
	ctx := c.Request().Context()
	form, at, f, err := s.nameForm(c)
	if err != nil {
		return err
	}
	form.Kind = f.OneOfOr("kind", "file", "file", "folder")
	if err = f.Err(); err == nil {
		if form.Kind == "folder" {
			err = s.engine.MakeDirectory(ctx, form.InstanceID, at)
		} else {
			err = s.engine.WriteFile(ctx, form.InstanceID, at, strings.NewReader(""), compute.NewFile)
		}
	}
	if err != nil {
		return s.formError(c, err, func(e *fault.Error) templ.Component { form.Fault = e.In("name"); return views.FileNamePage(form) })
	}
	if form.Kind == "folder" {
		return s.see(c, views.FilesIn(form.InstanceID, at))
	}
	return s.see(c, views.EditPath(form.InstanceID, at))
}

// selectedFiles are the paths of the rows that were ticked, and the directory they are in.
func (s *Server) selectedFiles(c echo.Context) (paths []string, dir string, err error) {
	f, err := s.form(c)
	if err != nil {
		return nil, "", err
	}
	paths = append(f.Many("f_sel"), f.Many("path")...)
	for i, p := range paths {
		paths[i] = cleanPath(p)
	}
	dir = cmp.Or(f.Text("dir"), "/")
	if len(paths) > 0 {
		dir = path.Dir(paths[0])
	}
	return paths, dir, f.Err()
}

func (s *Server) askRename(c echo.Context) error {
	paths, dir, err := s.selectedFiles(c)
	if err != nil {
		return err
	}
	if len(paths) != 1 {
		return s.see(c, views.FilesIn(c.Param("id"), dir))
	}
	form := views.NameForm{InstanceID: c.Param("id"), Dir: dir, Kind: "rename", From: paths[0], Name: path.Base(paths[0])}
	return s.page(c, http.StatusOK, views.FileNamePage(form))
}

func (s *Server) renameFile(c echo.Context) error {
	ctx := c.Request().Context()
	form, at, f, err := s.nameForm(c)
	if err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		err = s.engine.RenameFile(ctx, form.InstanceID, cleanPath(form.From), at)
	}
	if err != nil {
		return s.formError(c, err, func(e *fault.Error) templ.Component { form.Fault = e.In("name"); return views.FileNamePage(form) })
	}
	return s.done(c, views.FilesIn(form.InstanceID, form.Dir), ui.Flash{Title: i18n.T(ctx, "files.renamed", i18n.V{"Path": at})})
}

func (s *Server) askDelete(c echo.Context) error {
	paths, dir, err := s.selectedFiles(c)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return s.see(c, views.FilesIn(c.Param("id"), dir))
	}
	return s.page(c, http.StatusOK, views.FileDeletePage(c.Param("id"), dir, paths))
}

func (s *Server) deleteFiles(c echo.Context) error {
	ctx := c.Request().Context()
	paths, dir, err := s.selectedFiles(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	return s.each(c, paths, views.FilesIn(id, dir), i18n.T(ctx, "files.delete"), func(at string) error {
		return s.engine.RemoveFile(ctx, id, at)
	}, func(n int, names string) string {
		return i18n.N(ctx, "files.deleted", n, i18n.V{"Names": names})
	})
}
