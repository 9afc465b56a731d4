package simulate

import "time"

// hours is how busy each hour of a working day is, as a share of the busiest.
var hours = [24]float64{
	0.02, 0.01, 0.01, 0.01, 0.01, 0.02, 0.05, 0.12, 0.45, 0.85, 1.00, 0.95,
	0.75, 0.70, 0.85, 0.95, 0.92, 0.80, 0.55, 0.30, 0.15, 0.08, 0.05, 0.03,
}

// weekdays is the same for days, Sunday first.
var weekdays = [7]float64{0.08, 1.10, 1.00, 0.97, 0.98, 0.92, 0.35}

// load is how busy the call centre is at a moment, as a share of the busiest.
func load(at time.Time) float64 {
	next := hours[(at.Hour()+1)%24]
	here := hours[at.Hour()]
	into := float64(at.Minute()) / 60
	return (here + (next-here)*into) * weekdays[at.Weekday()]
}

// closed tells whether nobody works at a moment.
func closed(at Millis, zone *time.Location) bool {
	t := time.UnixMilli(int64(at)).In(zone)
	return t.Hour() < 8 || t.Hour() >= 20 || t.Weekday() == time.Sunday
}

// slot is the span over which the load counts as constant.
const slot = 15 * time.Minute

// busiest is the greatest load, in rows an hour, if rows are spread over the time between from and to.
func busiest(rows int, from, to time.Time, zone *time.Location) float64 {
	total, most := 0.0, 0.0
	for at := from; at.Before(to); at = at.Add(slot) {
		l := load(at.In(zone))
		total += l
		most = max(most, l)
	}
	if total == 0 {
		return float64(rows)
	}
	return float64(rows) * most / total / slot.Hours()
}
