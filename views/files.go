package views

import (
	"cmp"
	"context"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine/compute"
	"elbow/views/i18n"
	"elbow/views/ui"
)

func fileList(ctx context.Context, v FilesView) ui.List[compute.File] {
	type row = compute.File
	return ui.List[row]{
		ID: "files", Prefix: "f_", Selection: ui.SelectMany, Sort: "name",
		Key: func(f row) string { return f.Path }, Name: func(f row) string { return f.Name },
		Columns: []ui.Col[row]{
			{ID: "name", Label: i18n.T(ctx, "common.name"), Fixed: true, Text: func(f row) string { return f.Name },
				Compare: dirsFirst, Cell: func(f row) templ.Component { return fileLink(v, f) }},
			{ID: "size", Label: i18n.T(ctx, "files.size"), Numeric: true, Text: sizeText,
				Compare: func(a, b row) int { return cmp.Compare(a.Size, b.Size) }},
			{ID: "mode", Label: i18n.T(ctx, "files.mode"), Text: func(f row) string { return modeText(f.Mode) },
				Cell: func(f row) templ.Component { return ui.Mono(modeText(f.Mode)) }},
			{ID: "modified", Label: i18n.T(ctx, "files.modified"), Text: func(f row) string { return i18n.Time(ctx, f.ModTime) },
				Compare: func(a, b row) int { return a.ModTime.Compare(b.ModTime) }},
		},
	}
}

func dirsFirst(a, b compute.File) int {
	switch {
	case a.Dir && !b.Dir:
		return -1
	case b.Dir && !a.Dir:
		return 1
	}
	return cmp.Compare(a.Name, b.Name)
}

func sizeText(f compute.File) string {
	if f.Dir {
		return "-"
	}
	return Bytes(f.Size)
}

// fileLink opens a directory in the tab, and a file on a page of its own.
func fileLink(v FilesView, f compute.File) templ.Component {
	text := f.Name
	if f.Symlink != "" {
		text += " → " + f.Symlink
	}
	if f.Dir {
		return ui.Link(filesIn(v.InstanceID, f.Path), text+"/")
	}
	return ui.Link(filesHref(v, "/edit", f.Path), text)
}

// pathCrumbs are the directories above, from the root.
func pathCrumbs(v FilesView) []ui.Crumb {
	crumbs := []ui.Crumb{{Text: "/", Href: filesIn(v.InstanceID, "/")}}
	at := "/"
	for part := range strings.SplitSeq(strings.Trim(v.Path, "/"), "/") {
		if part == "" {
			continue
		}
		at = path.Join(at, part)
		crumbs = append(crumbs, ui.Crumb{Text: part + "/", Href: filesIn(v.InstanceID, at)})
	}
	return crumbs
}

func filesPath(instanceID string) string { return "/ec2/instances/" + instanceID + "/files" }

func filesBase(v FilesView) string { return filesPath(v.InstanceID) }

func filesHref(v FilesView, page, at string) string { return filesHrefOf(v.InstanceID, page, at) }

func filesHrefOf(instanceID, page, at string) string {
	return filesPath(instanceID) + page + "?path=" + url.QueryEscape(at)
}

// FilesIn is the Files tab at a directory.
func FilesIn(instanceID, dir string) string { return filesIn(instanceID, dir) }

func filesIn(instanceID, dir string) string {
	return "/ec2/instances/" + instanceID + "?tab=files&path=" + url.QueryEscape(dir)
}

func downloadPath(instanceID, at string) string { return filesHrefOf(instanceID, "/download", at) }

func baseName(at string) string { return path.Base(at) }

func dirName(at string) string { return path.Dir(at) }

func nameTitle(ctx context.Context, form NameForm) string {
	switch form.Kind {
	case "folder":
		return i18n.T(ctx, "files.new_folder")
	case "rename":
		return i18n.T(ctx, "files.rename")
	}
	return i18n.T(ctx, "files.new_file")
}

func nameAction(form NameForm) string {
	if form.Kind == "rename" {
		return "rename"
	}
	return "new"
}

func fileHead(ctx context.Context, instanceID, at, title string) Head {
	return Head{Title: title, Nav: "/ec2/instances", Crumbs: []ui.Crumb{
		{Text: "EC2", Href: "/ec2/"}, {Text: i18n.T(ctx, "instances.title"), Href: "/ec2/instances"},
		{Text: instanceID, Href: "/ec2/instances/" + instanceID},
		{Text: i18n.T(ctx, "instances.files"), Href: filesIn(instanceID, "/")}, {Text: title},
	}}
}

// EditPath is the editor with a file open.
func EditPath(instanceID, at string) string { return filesHrefOf(instanceID, "/edit", at) }

// modeText writes a mode as ls does: drwxrwxrwt, where Go would say dtrwxrwxrwx.
func modeText(mode fs.FileMode) string {
	kind := map[fs.FileMode]byte{fs.ModeDir: 'd', fs.ModeSymlink: 'l', fs.ModeNamedPipe: 'p', fs.ModeSocket: 's'}[mode.Type()]
	text := []byte(mode.Perm().String())
	text[0] = max(kind, '-')
	for at, bit := range map[int]fs.FileMode{3: fs.ModeSetuid, 6: fs.ModeSetgid, 9: fs.ModeSticky} {
		if mode&bit == 0 {
			continue
		}
		executable := text[at] == 'x'
		text[at] = "SSSSSSSSST"[at]
		if executable {
			text[at] = "ssssssssst"[at]
		}
	}
	return string(text)
}
