// Command configdoc writes docs/configuration.md and the list of setting names that every binary knows
// (services/process/settings.txt) from the configuration structs in the source. `make docs` runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "the folder that holds go.work")
	flag.Parse()
	files, err := generate(*root)
	if err != nil {
		fmt.Fprintf(os.Stderr, "configdoc: %v\n", err)
		os.Exit(1)
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(*root, path), []byte(text), 0o644); err != nil {
			fmt.Fprintf(os.Stderr, "configdoc: %v\n", err)
			os.Exit(1)
		}
	}
}

// generate gives the text of each generated file by its path below root.
func generate(root string) (map[string]string, error) {
	src := newSource(root)
	var sections []section
	for _, r := range rooms {
		list, err := src.settings(r.dir, r.config)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			sections = append(sections, section{room: r, settings: list})
		}
	}
	return map[string]string{
		"docs/configuration.md":         page(sections),
		"services/process/settings.txt": names(sections),
	}, nil
}
