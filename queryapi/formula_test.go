package main

import "testing"

func TestServiceLevels(t *testing.T) {
	t.Parallel()
	// One day by all formulas: of 500 callers 470 were answered, 405 of them in time; 30 left, 10 of them in time.
	day := levelCounts{answered: 470, answeredInTime: 405, abandoned: 30, abandonedInTime: 10, short: 4}
	for i, want := range []float64{0.83, 0.8617, 0.81, 0.8265, 0.8165} {
		f := serviceLevelFormulas[i]
		if got := f.of(day); got == nil || *got != want {
			t.Errorf("%s, %s, of %+v is %v, want %v", f.name, f.definition, day, show(got), want)
		}
		if got := f.of(levelCounts{}); got != nil {
			t.Errorf("%s of nobody is %v, want none", f.name, *got)
		}
	}
	// Everybody left at once: the last formula has nobody left to serve.
	if got := serviceLevelFormulas[4].of(levelCounts{abandoned: 3, abandonedInTime: 3, short: 3}); got != nil {
		t.Errorf("SL-5 of short abandons alone is %v, want none", *got)
	}
}

// Wazo's own example: two answered of 25 who had a chance, of all ways to leave a queue.
func TestRatios(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		got  *float64
		want string
	}{
		{ratio(2, 2+3+8+4+3+5), "0.08"},
		{ratio(0, 0), "null"},
		{ratio(0, 7), "0"},
		{ratio(1, 3), "0.3333"},
		{ratio(3, 3), "1"},
		{average(100, 3), "33.33"},
		{average(0, 0), "null"},
		{erlang(5400), "1.5"},
		{erlang(0), "0"},
	} {
		if show(c.got) != c.want {
			t.Errorf("%s, want %s", show(c.got), c.want)
		}
	}
}

func show(v *float64) string { return string(appendFigure(nil, v)) }
