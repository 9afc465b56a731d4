package clickhouse

import (
	"slices"
	"testing"
)

// Whatever a caller types arrives as the value it is.
func TestValuesArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	store := migrated(t)
	values := []string{
		"", "+49 30 1", "'", "''", `"`, `\`, `\\`, `\'`, `\n`, "a\nb", "a\tb", "a\rb", "a\x00b", "%", "_", `\%`, "{p0:String}", "); DROP TABLE calls; --",
		"Zoë 📞", "' OR 1=1 --", "$1", "?", "[]", "]", ",", "&param_p0=x", "%27", "\\N", "NULL", "\b\f\v\a", "\u2028",
	}
	for _, want := range values {
		q := about(Scope{}, &Filter{})
		var got string
		ask := "SELECT " + q.text(want)
		if err := store.conn.QueryRow(q.carry(t.Context()), ask).Scan(&got); err != nil || got != want {
			t.Errorf("%q came back as %q, %v", want, got, err)
		}
	}
	q := about(Scope{}, &Filter{})
	ask := "SELECT " + q.list(values)
	var got []string
	if err := store.conn.QueryRow(q.carry(t.Context()), ask).Scan(&got); err != nil || !slices.Equal(got, values) {
		t.Errorf("%q came back as %q, %v", values, got, err)
	}
}
