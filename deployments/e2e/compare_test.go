package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
)

// tableRows reads the PBX's table as text, NULL as nil.
func (h *house) tableRows(query string, args ...any) map[string]map[string]*string {
	h.t.Helper()
	rows, err := h.db.QueryContext(h.t.Context(), query, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		h.t.Fatal(err)
	}
	all := map[string]map[string]*string{}
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		targets := make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			h.t.Fatal(err)
		}
		row := make(map[string]*string, len(names))
		for i, name := range names {
			if values[i].Valid {
				row[name] = &values[i].String
			} else {
				row[name] = nil
			}
		}
		all[*row["id"]] = row
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return all
}

// sameRows holds what the API shows against the table: every row once, every column equal, NULL as null. It reports the
// first few differences and how many there were.
func sameRows(t testing.TB, table map[string]map[string]*string, shown []map[string]any) {
	t.Helper()
	differences := 0
	differ := func(format string, args ...any) {
		if differences++; differences <= 10 {
			t.Errorf(format, args...)
		}
	}
	seen := make(map[string]bool, len(shown))
	for _, call := range shown {
		id := fmt.Sprint(call["id"])
		if seen[id] {
			differ("call %s is shown twice", id)
		}
		seen[id] = true
		row, ok := table[id]
		if !ok {
			differ("call %s is shown and not in the table", id)
			continue
		}
		for name, want := range row {
			field := name
			switch name {
			case "calldate", "answer", "end":
				field = name + "_local"
				if problem := sameInstant(call[name], want); problem != "" {
					differ("call %s: %s %s", id, name, problem)
				}
			}
			if (want == nil || *want == "") && slices.Contains(filledIn(call), any(name)) {
				continue // the row is silent, and says so; its conversation is not
			}
			got, there := call[field]
			if !there {
				differ("call %s: %s is not shown", id, field)
				continue
			}
			if problem := sameValue(got, want); problem != "" {
				differ("call %s: %s %s", id, field, problem)
			}
		}
	}
	for id := range table {
		if !seen[id] {
			differ("row %s is not shown", id)
		}
	}
	if differences > 10 {
		t.Errorf("%d differences in all", differences)
	}
}

// filledIn are the columns that the row itself left empty.
func filledIn(call map[string]any) []any {
	list, _ := call["filled"].([]any)
	return list
}

func sameValue(got any, want *string) string {
	if want == nil {
		if got == nil {
			return ""
		}
		return fmt.Sprintf("is %v, want null", got)
	}
	switch v := got.(type) {
	case string:
		if v == *want {
			return ""
		}
	case json.Number:
		if v.String() == *want {
			return ""
		}
	}
	return fmt.Sprintf("is %#v, want %q", got, *want)
}

// sameInstant expects the instant of a local time of UTC, the zone these tests give their PBX.
func sameInstant(got any, want *string) string {
	if want == nil {
		return sameValue(got, nil)
	}
	text, _ := got.(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Format("2006-01-02 15:04:05") != *want {
		return fmt.Sprintf("is %v, want %q in UTC", got, *want)
	}
	return ""
}
