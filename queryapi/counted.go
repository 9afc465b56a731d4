package main

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// Parameters by which a list shows what a number of the statistics counts; the links beside the numbers have them.
const (
	countedName      = "counted"
	groupName        = "group"
	ofName           = "of"
	hourOfWeekName   = "hour_of_week"
	levelName        = "sl_threshold"
	shortAbandonName = "short_abandon"
)

var countedNames = []string{countedName, groupName, ofName, levelName, shortAbandonName, hourOfWeekName}

// Thresholds that call centres have agreed on where nobody says otherwise, in seconds.
const (
	usualLevel = 20
	usualShort = 5
)

// countable are all numbers by their names, such as queues.abandoned.
var countable = func() (names []string) {
	for _, s := range []string{"calls", "queues", "agents", "trunks", "numbers", "missed"} {
		for _, c := range clickhouse.StatisticOf(s).Counts {
			names = append(names, s+"."+c.Name)
		}
	}
	return names
}()

// counted reads these parameters into a filter.
func counted(values url.Values, f *clickhouse.Filter) error {
	if !values.Has(countedName) {
		for _, name := range []string{groupName, ofName, levelName, shortAbandonName} {
			if values.Has(name) {
				return &refusal{parameterInvalid, name + " stands without counted, want it beside counted only", name}
			}
		}
		return nil
	}
	text := values.Get(countedName)
	if !slices.Contains(countable, text) {
		return &refusal{parameterInvalid, fmt.Sprintf("counted is %s, want a statistic and one of its counts, such as queues.abandoned or calls.missed_inbound", quoted(text)), countedName}
	}
	f.Counted.Statistic, f.Counted.Count, _ = strings.Cut(text, ".")
	statistic := clickhouse.StatisticOf(f.Counted.Statistic)
	var err error
	if f.Counted.Of, err = grouped(values, statistic); err != nil {
		return err
	}
	if values.Has(groupName) {
		group := values.Get(groupName)
		if err := readable(groupName, group); err != nil {
			return err
		}
		if len(statistic.Groups()) == 0 {
			return &refusal{parameterInvalid, "group is given for " + f.Counted.Statistic + ", which has none", groupName}
		}
		f.Counted.Group = &group
	}
	f.Counted.Thresholds, err = thresholds(values)
	return err
}

// grouped reads how a statistic is grouped, where there are several ways.
func grouped(values url.Values, statistic *clickhouse.Statistic) (string, error) {
	ways := statistic.Groups()
	text := values.Get(ofName)
	switch {
	case len(ways) < 2 && values.Has(ofName):
		return "", &refusal{parameterInvalid, fmt.Sprintf("of is %s, want it for numbers only", quoted(text)), ofName}
	case len(ways) < 2:
		return "", nil
	case !values.Has(ofName):
		return "did", nil
	case !slices.Contains(ways, text):
		return "", &refusal{parameterInvalid, fmt.Sprintf("of is %s, want %s", quoted(text), listed(ways)), ofName}
	}
	return text, nil
}

func thresholds(values url.Values) (t clickhouse.Thresholds, err error) {
	level, err := number{name: levelName, least: 0, most: math.MaxInt32, unset: usualLevel}.read(values)
	if err != nil {
		return t, err
	}
	short, err := number{name: shortAbandonName, least: 0, most: math.MaxInt32, unset: usualShort}.read(values)
	return clickhouse.Thresholds{Level: int64(level), Short: int64(short)}, err
}

// hourOfWeek reads one hour of the week, by the clocks of a zone.
func hourOfWeek(values url.Values, f *clickhouse.Filter, zone *time.Location) error {
	if !values.Has(hourOfWeekName) {
		return nil
	}
	hour, err := number{name: hourOfWeekName, least: 0, most: clickhouse.HoursOfWeek - 1}.read(values)
	if err == nil {
		f.HourOfWeek = &clickhouse.HourOfWeek{Hour: hour, Zone: zone}
	}
	return err
}

func secondsText(n int64) string { return strconv.FormatInt(n, 10) }
