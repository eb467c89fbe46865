package web

import (
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"elbow/engine"
	"elbow/views"
)

// monitoringTab reads what the load balancer has counted in the last hour.
func (s *Server) monitoringTab(c echo.Context, b engine.LoadBalancerDescription) (templ.Component, error) {
	ctx, now := c.Request().Context(), time.Now()
	minutes, err := s.engine.LoadBalancerMetrics(ctx, b.Name, views.MonitoringSince(now))
	if err != nil {
		return nil, err
	}
	answered, err := s.engine.LoadBalancerRequests(ctx, b.Name)
	if err != nil {
		return nil, err
	}
	m := views.Monitoring{Name: b.Name, Now: now, Minutes: minutes}
	for _, h := range b.Health {
		m.Shares = append(m.Shares, views.Share{ID: h.InstanceID, Name: b.Instances[h.InstanceID].Name, Requests: answered[h.InstanceID]})
	}
	return views.BalancerMonitoring(m), nil
}
