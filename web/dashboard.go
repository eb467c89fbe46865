package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/engine/compute"
	"elbow/views"
)

// recentActivity is how many lines of the history the dashboard shows.
const recentActivity = 5

// routesDashboard registers the EC2 dashboard.
func (s *Server) routesDashboard(g *echo.Group) {
	g.GET("/ec2/", s.showDashboard)
	g.GET("/ec2", s.showDashboard)
}

func (s *Server) showDashboard(c echo.Context) error {
	d, err := s.dashboard(c.Request().Context())
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, views.DashboardPage(d))
}

// dashboard reads everything that the dashboard counts.
func (s *Server) dashboard(ctx context.Context) (d views.Dashboard, err error) {
	instances, err := s.engine.DescribeInstances(ctx)
	if err != nil {
		return d, err
	}
	d.Running, d.Instances = countStates(instances)
	images, err := s.engine.DescribeImages(ctx)
	if err != nil {
		return d, err
	}
	for _, image := range images {
		if image.Base == "" {
			d.Images++
		}
	}
	return d, s.dashboardRest(ctx, &d)
}

func (s *Server) dashboardRest(ctx context.Context, d *views.Dashboard) error {
	groups, err := s.engine.DescribeSecurityGroups(ctx)
	if err != nil {
		return err
	}
	keys, err := s.engine.DescribeKeyPairs(ctx)
	if err != nil {
		return err
	}
	snapshots, err := s.engine.DescribeSnapshots(ctx)
	if err != nil {
		return err
	}
	d.SecurityGroups, d.KeyPairs, d.Snapshots = len(groups), len(keys), len(snapshots)
	if d.LoadBalancers, err = s.engine.DescribeLoadBalancers(ctx); err != nil {
		return err
	}
	subnets, err := s.engine.DescribeSubnets(ctx)
	if err != nil {
		return err
	}
	for _, subnet := range subnets {
		d.Zones = append(d.Zones, subnet.AvailabilityZone)
	}
	d.Recent, _, err = s.engine.DescribeActivities(ctx, engine.ActivityFilter{Limit: recentActivity})
	return err
}

// countStates counts the instances by state, in the order in which an instance lives.
func countStates(instances []engine.InstanceDescription) (running int, counts []views.StateCount) {
	by := map[compute.State]int{}
	for _, in := range instances {
		by[in.State]++
	}
	order := []compute.State{compute.Running, compute.Pending, compute.Stopping, compute.Stopped, compute.ShuttingDown, compute.Terminated}
	for _, state := range order {
		if n := by[state]; n > 0 {
			counts = append(counts, views.StateCount{State: string(state), Count: n})
		}
	}
	return by[compute.Running], counts
}
