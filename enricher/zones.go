package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// zones knows in which zone each source writes its times today. A stored row tells only in which it was understood, and
// that may have been a mistake.
//
// In this order: what the flag says, what the source's poller said last, what the newest chunk says that a poller wrote.
type zones struct {
	bus   *jetstream.Bus
	given map[string]string
	known map[string]string
}

// parseZones reads SOURCE=ZONE pairs.
func parseZones(pairs []string) (map[string]string, error) {
	given := map[string]string{}
	for _, pair := range pairs {
		source, zone, ok := strings.Cut(pair, "=")
		if _, err := time.LoadLocation(zone); !ok || err != nil || source == "" || zone == "" || zone == "Local" {
			return nil, fmt.Errorf("--zone is %q, want a source and its zone, such as pbx=Asia/Kolkata", pair)
		}
		given[source] = zone
	}
	return given, nil
}

func (z *zones) of(ctx context.Context, source string) (string, error) {
	if zone := z.given[source]; zone != "" {
		return zone, nil
	}
	if zone := z.known[source]; zone != "" {
		return zone, nil
	}
	zone, err := z.bus.Zone(ctx, source)
	if err == nil && zone == "" {
		zone, err = z.logged(ctx, source)
	}
	if err != nil {
		return "", err
	}
	if zone == "" {
		return "", fmt.Errorf("nobody knows the zone of source %s any more: say it as --zone %s=Asia/Kolkata", source, source)
	}
	if z.known == nil {
		z.known = map[string]string{}
	}
	z.known[source] = zone
	return zone, nil
}

// logged is the zone of the newest chunk that the source's poller wrote: of a poller that ran before zones were remembered.
func (z *zones) logged(ctx context.Context, source string) (string, error) {
	newest, err := z.bus.Newest(ctx)
	if err != nil {
		return "", err
	}
	for chunk, err := range z.bus.Backwards(ctx, source, newest) {
		if err != nil {
			return "", err
		}
		if chunk.Kind == call.KindRegenerate || chunk.Kind == call.KindReplay {
			continue // written by those who ask here
		}
		if r, err := chunk.Open(); err == nil {
			return r.Origin.Zone, nil
		}
	}
	return "", nil
}
