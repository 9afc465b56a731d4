package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// readTable reads a text table of testdata: lines of cells between │, the first one the names of the columns. "-" is an
// empty cell, and what stands between ‹ and › is taken as it is, blanks and dashes included. "line" is the line's number.
func readTable(t testing.TB, file string, atLeast int) []map[string]string {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var header []string
	var rows []map[string]string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "│")
		for i := range cells {
			cells[i] = cell(cells[i])
		}
		if header == nil {
			header = cells
			continue
		}
		if len(cells) != len(header) {
			t.Fatalf("%s:%d has %d cells, want %d", file, n, len(cells), len(header))
		}
		row := map[string]string{"line": file + ":" + strconv.Itoa(n)}
		for i, name := range header {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	if lines.Err() != nil || len(rows) < atLeast {
		t.Fatalf("%s has %d lines, want at least %d; %v", file, len(rows), atLeast, lines.Err())
	}
	return rows
}

func cell(text string) string {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "‹"); ok {
		return strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(strings.TrimSuffix(inner, "›"))
	}
	if text == "-" {
		return ""
	}
	return text
}
