package compute

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// documentPath turns a request's path into the path below the document root, and says
// whether it ended in a slash. A status other than 0 refuses it, as Apache does: 404 for
// an encoded slash or NUL, 400 for what would climb above the root.
func documentPath(u *url.URL) (name string, slash bool, status int) {
	if !strings.HasPrefix(u.Path, "/") {
		return "", false, http.StatusBadRequest
	}
	escaped := strings.ToLower(u.EscapedPath())
	if strings.Contains(escaped, "%2f") || strings.ContainsRune(u.Path, 0) {
		return "", false, http.StatusNotFound
	}
	depth := 0
	for part := range strings.SplitSeq(u.Path, "/") {
		switch part {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return "", false, http.StatusBadRequest
		}
	}
	slash = strings.HasSuffix(u.Path, "/") || strings.HasSuffix(u.Path, "/.") || strings.HasSuffix(u.Path, "/..")
	return path.Clean(u.Path), slash, 0
}

// contentType is the type that a file is sent with, by its name; empty for a name that
// says nothing, which is sent without one, as Apache does.
func contentType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm":
		return "text/html; charset=UTF-8"
	case ".txt", ".log", ".conf", ".text":
		return "text/plain; charset=UTF-8"
	case ".css":
		return "text/css"
	case ".js", ".mjs":
		return "text/javascript"
	case ".csv":
		return "text/csv"
	case ".md":
		return "text/markdown"
	case ".xml":
		return "application/xml"
	case ".xhtml":
		return "application/xhtml+xml"
	}
	return binaryType(name)
}

func binaryType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".map":
		return "application/json"
	case ".pdf":
		return "application/pdf"
	case ".zip":
		return "application/zip"
	case ".gz", ".tgz":
		return "application/x-gzip"
	case ".wasm":
		return "application/wasm"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".svg":
		return "image/svg+xml"
	case ".webp":
		return "image/webp"
	case ".ico":
		return "image/vnd.microsoft.icon"
	}
	return mediaType(name)
}

func mediaType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".mp3":
		return "audio/mpeg"
	case ".ogg":
		return "audio/ogg"
	case ".mp4":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".woff":
		return "font/woff"
	case ".woff2":
		return "font/woff2"
	case ".ttf":
		return "font/ttf"
	}
	return ""
}
