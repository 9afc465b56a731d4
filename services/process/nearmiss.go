package process

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// settingsTxt holds the names of all settings of all stages, generated from their config.go (make docs), so that an
// environment shared by the house is no crowd of misspellings to each of its stages.
//
//go:embed settings.txt
var settingsTxt string

func houseNames() []string { return strings.Fields(settingsTxt) }

// ordinary are names that come with a machine, a shell or a server's image: never a misspelling of ours.
var ordinary = []string{
	"CLICKHOUSE_DB", "COLUMNS", "DATADIR", "GOMEMLIMIT", "HOME", "HOSTNAME", "LANG", "LINES", "LOGNAME", "MAIL",
	"PATH", "PWD", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
}

// nearMisses complains of each environment variable that is no setting but nearly one: MARIADB_DNS. What another stage
// knows is no mistake here.
func nearMisses(environ, known, house []string) []string {
	var list []string
	for _, name := range environ {
		if slices.Contains(known, name) || slices.Contains(house, name) || slices.Contains(ordinary, name) {
			continue
		}
		if plain, ok := strings.CutSuffix(name, "_FILE"); ok && slices.Contains(known, plain) {
			list = append(list, fmt.Sprintf("%s is not a setting: %s is no secret, set it directly", name, plain))
			continue
		}
		best, nearest := 3, ""
		for _, k := range known {
			if d := distance(folded(name), folded(k)); d < best && d <= allowed(folded(k)) {
				best, nearest = d, k
			}
		}
		if nearest != "" {
			list = append(list, fmt.Sprintf("%s is not a setting; did you mean %s?", name, nearest))
		}
	}
	return list
}

// allowed is how many slips still count as the same name: in a short one, two slips make another word.
func allowed(name string) int {
	switch n := len(name); {
	case n < 4:
		return 0
	case n < 5:
		return 1
	default:
		return 2
	}
}

// folded leaves the letters and digits, so that mariadb-dsn and MARIADBDSN are MARIADB_DSN.
func folded(name string) string {
	return strings.ToUpper(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
}

// distance counts the slips between two names: a letter too many, missing, wrong, or two swapped (optimal string
// alignment). Above 2 it only says 3.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 2 || d < -2 {
		return 3
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return min(last[len(b)], 3)
}
