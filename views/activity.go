package views

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"elbow/engine"
	"elbow/views/i18n"
	"elbow/views/ui"
)

// resourcesOf splits the resources that a line of the history names.
func resourcesOf(line engine.Activity) []string {
	var ids []string
	for id := range strings.SplitSeq(line.Resource, ",") {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// resourceHref is the page of a resource that the history names, by the id's prefix;
// load balancers have names and are known by the operation.
func resourceHref(line engine.Activity, id string) string {
	for prefix, path := range map[string]string{
		"i-": "/ec2/instances/", "ami-": "/ec2/images/", "sg-": "/ec2/security-groups/", "snap-": "/ec2/snapshots?q=",
	} {
		if strings.HasPrefix(id, prefix) {
			return path + id
		}
	}
	if strings.Contains(line.Operation, "LoadBalancer") && line.Result == "Success" && line.Operation != "DeleteLoadBalancer" {
		return "/ec2/load-balancers/" + id
	}
	return ""
}

// activityResult is Success, or the error's code with its sentence.
func activityResult(ctx context.Context, line engine.Activity) templ.Component {
	if line.Result == "Success" {
		return ui.Status(ui.StatusSuccess, i18n.T(ctx, "activity.success"))
	}
	code := ui.Status(ui.StatusError, line.Result)
	if line.Message == "" {
		return code
	}
	return ui.Join(" ", code, ui.Small(i18n.Message(ctx, line.Message)))
}
