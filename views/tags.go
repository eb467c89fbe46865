package views

import (
	"maps"
	"net/url"
	"slices"

	"elbow/views/ui"
)

// ResourcePath is the page of a resource of the kind, as engine.SetTags names kinds;
// empty for a kind that does not exist.
func ResourcePath(kind, id string) string {
	switch kind {
	case "instance", "image", "security-group", "load-balancer":
		return navOf(kind) + "/" + url.PathEscape(id) + "?tab=tags"
	case "snapshot", "key-pair":
		return navOf(kind)
	}
	return ""
}

// navOf is the left navigation's entry for resources of the kind.
func navOf(kind string) string {
	switch kind {
	case "instance", "image", "snapshot", "security-group", "key-pair", "load-balancer":
		return "/ec2/" + kind + "s"
	}
	return "/ec2/"
}

// TagsPath is the page that manages the tags of a resource.
func TagsPath(kind, id string) string {
	return "/ec2/tags/" + kind + "/" + url.PathEscape(id)
}

// SortedTags are the tags in order of their keys.
func SortedTags(tags map[string]string) []ui.Tag {
	list := make([]ui.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, ui.Tag{Key: key, Value: tags[key]})
	}
	return list
}
