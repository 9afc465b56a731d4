package main

import (
	"context"

	"github.com/cdrflow/cdrflow/services/call"
)

// rawOf a stored call is the row as its poller laid it on the log. zone is what the source writes its times in.
func rawOf(c *call.Call, zone string) (call.Origin, call.Row) {
	number, _ := call.SplitID(c.ID)
	return call.Origin{Source: c.Source, SourceNumber: number, Zone: zone, Table: c.Table}, c.RawRow()
}

// feed a stored row's raw row to its own partition.
func (z *zones) feed(ctx context.Context, f *feed, c *call.Call) error {
	var zone string
	err := persist(ctx, f.log, "ask for the zone of "+c.Source, func() (err error) {
		zone, err = z.of(ctx, c.Source)
		return err
	})
	if err != nil {
		return err
	}
	o, row := rawOf(c, zone)
	f.add(o, partition(c, &row), &row)
	return nil
}

// partition of a stored row, as its poller gave it: of its linkedid, else its uniqueid, else its id.
func partition(c *call.Call, row *call.Row) int {
	switch {
	case c.Linkedid != "":
		return call.Partition(c.Linkedid)
	case c.Uniqueid != "":
		return call.Partition(c.Uniqueid)
	}
	id, _ := row.Value(c.Table, "id")
	return call.Partition(id)
}
