package main

import (
	"fmt"
	"slices"
	"strings"
)

// room is a program, or what all of them share, in the order of the page.
type room struct {
	title, dir, config, about string
}

var rooms = []room{
	{"Every binary", "services/process", "house", "What all of them are told."},
	{"poller", "poller", "", "Copies the rows of one PBX's `asterisk_cdr` onto the log."},
	{"enricher", "enricher", "", "Understands the rows and stores them."},
	{"ticketer", "ticketer", "", "Posts each fresh call to LogsUpdate."},
	{"queryapi", "queryapi", "", "Answers the HTTP API."},
	{"archiver", "archiver", "", "Moves recordings to MinIO."},
	{"cdrflow", "deployments/local", "", "The whole house on one machine. It passes its own environment on to the binaries it starts."},
}

type section struct {
	room     room
	settings []setting
}

const head = `# Configuration

<!-- Written by make docs from the configuration structs; edits here are lost. -->

Every binary reads environment variables, once, at start. A name means the same in every binary. An empty value counts as
none. Durations are written as ` + "`30s`, `5m` or `1h30m`; sizes as `512KiB`, `100MiB` or `1GiB`" + `.

* **Secrets as files.** Where a table says so, the variable with ` + "`_FILE`" + ` behind its name holds the path of a file with
  the value, as Kubernetes and Docker mount secrets. One newline at the end of the file is ignored. Set one of the two.
* **Mistakes.** All of them are reported at once, and the binary does not start: ` + "`BATCH_ROWS is 0, want at least 1`" + `. A
  variable that is nearly a setting is a mistake too: ` + "`MARIADB_DNS is not a setting; did you mean MARIADB_DSN?`" + `
* **Checking.** ` + "`enricher -check`" + ` reads everything, prints it without secrets, and exits 0 or 1.
`

// page is docs/configuration.md.
func page(sections []section) string {
	var b strings.Builder
	b.WriteString(head)
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| Variable | Default | Meaning |\n|---|---|---|\n", s.room.title, s.room.about)
		for _, one := range s.settings {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", one.name, one.fallbackCell(), one.meaning())
		}
	}
	return b.String()
}

func (s setting) fallbackCell() string {
	switch {
	case s.required:
		return "required"
	case s.fallback == "":
		return ""
	default:
		return "`" + cell(s.fallback) + "`"
	}
}

func (s setting) meaning() string {
	if s.secret {
		return cell(s.doc) + " Secret: also as `" + s.name + "_FILE`."
	}
	return cell(s.doc)
}

// cell keeps a text within its column.
func cell(text string) string {
	return strings.ReplaceAll(text, "|", `\|`)
}

// names is the list of all setting names, those of secret files included, a line each.
func names(sections []section) string {
	var list []string
	for _, s := range sections {
		for _, one := range s.settings {
			list = append(list, one.name)
			if one.secret {
				list = append(list, one.name+"_FILE")
			}
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "\n") + "\n"
}
