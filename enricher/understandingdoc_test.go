package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// ruleTables are all tables of rules, under the names by which docs/understanding.md shows them.
func ruleTables() map[string][]string {
	return map[string][]string{
		"directionRules":    ruleLines(directionRules),
		"legDirectionRules": ruleLines(legDirectionRules),
		"organisationRules": ruleLines(organisationRules),
		"adoptionRules":     ruleLines(adoptionRules),
		"didRules":          ruleLines(didRules),
		"legKindRules":      ruleLines(legKindRules),
		"rangRules":         ruleLines(rangRules),
		"answererRules":     ruleLines(answererRules),
		"answeredTypeRules": ruleLines(answeredTypeRules),
		"queueRules":        ruleLines(queueRules),
		"queueWaitRules":    ruleLines(queueWaitRules),
		"agentRules":        ruleLines(agentRules),
		"ringTimeRules":     ruleLines(ringTimeRules),
		"talkTimeRules":     ruleLines(talkTimeRules),
		"ivrTimeRules":      ruleLines(ivrTimeRules),
		"legOutcomeRules":   ruleLines(legOutcomeRules),
		"outcomeRules":      ruleLines(outcomeRules),
		"endingRules":       ruleLines(endingRules),
		"legEndingRules":    ruleLines(legEndingRules),
	}
}

// ruleLines shows rules in their order: the name, the columns they read, how sure they are.
func ruleLines[T comparable](rules []rule[T]) []string {
	var lines []string
	for i := range rules {
		r := &rules[i]
		sure := ""
		if r.confidence > 0 && r.confidence < 100 {
			sure = fmt.Sprintf(", %d %%", r.confidence)
		}
		lines = append(lines, fmt.Sprintf("%d. %s (`%s`%s)", i+1, r.name, strings.Join(strings.Fields(r.uses), "`, `"), sure))
	}
	return lines
}

var ruleBlock = regexp.MustCompile(`(?s)<!-- rules: (\w+) -->\n(.*?)<!-- end of rules -->\n`)

// The page shows every table of rules as it is; go test ./enricher -run UnderstandingPage -update writes them.
func TestUnderstandingPage(t *testing.T) {
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	tables, shown := ruleTables(), map[string]bool{}
	want := ruleBlock.ReplaceAllFunc(page, func(block []byte) []byte {
		name := string(ruleBlock.FindSubmatch(block)[1])
		if tables[name] == nil || shown[name] {
			t.Errorf("the page shows %s, which is no table or is shown twice", name)
		}
		shown[name] = true
		return fmt.Appendf(nil, "<!-- rules: %s -->\n\n%s\n\n<!-- end of rules -->\n", name, strings.Join(tables[name], "\n"))
	})
	for name, rules := range tableNames(t) {
		if !shown[name] {
			t.Errorf("%s does not show %s", pageFile, name)
		}
		for _, rule := range rules {
			if !bytes.Contains(want, []byte(rule)) {
				t.Errorf("%s does not tell the rule %q of %s", pageFile, rule, name)
			}
		}
	}
	switch {
	case bytes.Equal(page, want):
	case !*update:
		t.Errorf("the rules in %s are not today's; go test ./enricher -run UnderstandingPage -update writes them", pageFile)
	default:
		if err := os.WriteFile(pageFile, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// tableNames are the tables of rules in the source, with the names of their rules: none can be forgotten here.
func tableNames(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]string{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasSuffix(spec.Names[0].Name, "Rules") {
				return true
			}
			list, ok := spec.Values[0].(*ast.CompositeLit)
			if !ok {
				return true
			}
			for _, e := range list.Elts {
				one, ok := e.(*ast.CompositeLit)
				if !ok || len(one.Elts) == 0 {
					continue
				}
				if name, ok := one.Elts[0].(*ast.BasicLit); ok && name.Kind == token.STRING {
					text, _ := strconv.Unquote(name.Value)
					tables[spec.Names[0].Name] = append(tables[spec.Names[0].Name], text)
				}
			}
			return true
		})
	}
	if len(tables) < 19 {
		t.Fatalf("only %d tables of rules", len(tables))
	}
	return tables
}
