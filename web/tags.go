package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/fault"
	"elbow/views"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// routesTags registers the page that manages the tags of any resource.
func (s *Server) routesTags(g *echo.Group) {
	g.GET("/ec2/tags/:kind/:id", s.editTags)
	g.POST("/ec2/tags/:kind/:id", s.saveTags)
}

func (s *Server) editTags(c echo.Context) error {
	kind, id := c.Param("kind"), c.Param("id")
	tags, err := s.tagsOf(c.Request().Context(), kind, id)
	if err != nil {
		return err
	}
	form := views.TagsForm{Kind: kind, ID: id, Back: views.ResourcePath(kind, id), Tags: views.SortedTags(tags)}
	return s.page(c, http.StatusOK, views.TagsPage(form))
}

func (s *Server) saveTags(c echo.Context) error {
	ctx := c.Request().Context()
	kind, id := c.Param("kind"), c.Param("id")
	if views.ResourcePath(kind, id) == "" {
		return echo.ErrNotFound
	}
	f, err := s.form(c)
	if err != nil {
		return err
	}
	form := views.TagsForm{Kind: kind, ID: id, Back: views.ResourcePath(kind, id)}
	if ui.EditRows(f.Values, "tags", "tag_key", "tag_value") {
		form.Tags = typedTags(f)
		return s.page(c, http.StatusOK, views.TagsPage(form))
	}
	form.Tags = typedTags(f)
	tags := f.Tags()
	show := func(e *fault.Error) templ.Component { form.Fault = e; return views.TagsPage(form) }
	if err := f.Err(); err != nil {
		return s.formError(c, err, show)
	}
	if err := s.engine.SetTags(ctx, kind, id, tags); err != nil {
		return s.formError(c, err, show)
	}
	return s.done(c, form.Back, ui.Flash{Title: i18n.T(ctx, "tags.saved", i18n.V{"ID": id})})
}

// tagsOf reads the tags of a resource of any kind that has them.
func (s *Server) tagsOf(ctx context.Context, kind, id string) (map[string]string, error) {
	switch kind {
	case "instance":
		found, err := s.engine.DescribeInstances(ctx, id)
		return tagsOfFirst(found, err, func(d engine.InstanceDescription) map[string]string { return d.Tags })
	case "image":
		found, err := s.engine.DescribeImages(ctx, id)
		return tagsOfFirst(found, err, func(d engine.ImageDescription) map[string]string { return d.Tags })
	case "snapshot":
		found, err := s.engine.DescribeSnapshots(ctx, id)
		return tagsOfFirst(found, err, func(d engine.SnapshotDescription) map[string]string { return d.Tags })
	case "security-group":
		found, err := s.engine.DescribeSecurityGroups(ctx, id)
		return tagsOfFirst(found, err, func(d engine.SecurityGroupDescription) map[string]string { return d.Tags })
	case "load-balancer":
		found, err := s.engine.DescribeLoadBalancers(ctx, id)
		return tagsOfFirst(found, err, func(d engine.LoadBalancerDescription) map[string]string { return d.Tags })
	case "key-pair":
		return s.keyPairTagsOf(ctx, id)
	}
	return nil, echo.ErrNotFound
}

func (s *Server) keyPairTagsOf(ctx context.Context, name string) (map[string]string, error) {
	keys, err := s.engine.DescribeKeyPairs(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if key.Name == name {
			return key.Tags, nil
		}
	}
	return nil, fault.New(fault.NotFound, "InvalidKeyPair.NotFound", "The key pair '%s' does not exist", name)
}

func tagsOfFirst[T any](found []T, err error, tags func(T) map[string]string) (map[string]string, error) {
	if err != nil {
		return nil, err
	}
	return tags(found[0]), nil
}
